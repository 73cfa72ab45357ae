"""Do answers change exactly when the truth does, from one similarity model to another, on the same pairs?

    python benchmarks/switching_between_models.py CONFIG [key=value ...]

CONFIG is one of rendered items that has been run until `audit` with two or more `evaluation.seeds`; with `pairs.seed`
set, all seeds have the same pairs, else those are compared that both have. Repeat every --set of the run.
For each two seeds and each variant, naming one of the query's attributes, and for the answers:

* truths differ (the attribute with the largest true effect is another one): share of pairs in which both hit;
* truths agree: share of pairs in which both name the same attribute.

Pairs count that are eligible under both models. Intervals are 95 %, over resampled queries.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from flows.configured_runs import ConfiguredRun, configured_runs
from flows.readers.pair_frame import read_pair_frame
from flows.readers.true_effects import read_truth
from flows.settings.file import load_settings
from pipeline.errors import BadSetting, PipelineError
from pipeline.evaluation.audit.answers import ANSWER
from pipeline.evaluation.audit.outcomes import TrueEffects
from pipeline.evaluation.audit.switching import AuditSide, switching_measures
from pipeline.evaluation.bootstrap import Interval, Resampling
from pipeline.evaluation.metrics.measured_pairs import cluster_codes
from pipeline.explanation.answer.naming import named_among
from pipeline.explanation.variants import all_variants
from stores.errors import StoreError

DIFFER, AGREE = "both_hit_when_truths_differ", "unchanged_when_truths_agree"


@dataclass(frozen=True)
class ModelAudit:
    """What is true of the pairs under one model, and what is named for them.

    Attributes:
        pair_ids: of the pairs.
        queries: image id of each pair's query.
        truth: true effects.
        named: int64 (pair,), attribute of each variant, by name.
    """

    pair_ids: list[str]
    queries: list[str]
    truth: TrueEffects
    named: Mapping[str, np.ndarray]

    def side(self, variant: str, rows: np.ndarray) -> AuditSide:
        """Return the pairs of these rows with what a variant names."""
        truth = TrueEffects(self.truth.delta_pa[rows], self.truth.present_pa[rows], self.truth.floor)
        return AuditSide(truth, self.named[variant][rows])


def common_rows(first: ModelAudit, second: ModelAudit) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the pairs that both have, (pair,) int64 of each, in the order of the first.

    Raises:
        BadSetting: they have none in common.
    """
    row_of = {pair_id: row for row, pair_id in enumerate(second.pair_ids)}
    both = [(row, row_of[pair_id]) for row, pair_id in enumerate(first.pair_ids) if pair_id in row_of]
    if not both:
        raise BadSetting(
            expected="pairs that both seeds have",
            found="none",
            where="the audits of two seeds",
            remedy="run with pairs.seed set, so that all seeds have the same pairs",
        )
    rows = np.array(both, dtype=np.int64)
    return rows[:, 0], rows[:, 1]


def switching_by_variant(
    first: ModelAudit, second: ModelAudit, resampling: Resampling
) -> dict[str, dict[str, Interval]]:
    """Return `switching_measures` of each variant that both have, over the pairs that both have.

    Raises:
        BadSetting: they have no pair in common, or fewer than 1 sample.
    """
    first_rows, second_rows = common_rows(first, second)
    clusters_p = cluster_codes([first.queries[row] for row in first_rows])
    return {
        variant: switching_measures(
            first.side(variant, first_rows),
            second.side(variant, second_rows),
            clusters_p,
            seed=resampling.seed,
            samples=resampling.samples,
        )
        for variant in first.named
        if variant in second.named
    }


def read_audit(run: ConfiguredRun) -> ModelAudit:
    """Return the audit of one seed, from results that are current.

    Raises:
        BadSetting: the seed has not been run.
    """
    upstream = run.current()
    needed = {"true_effects.test", "explanations", "answers"}
    if not needed <= set(upstream.manifests):
        raise BadSetting(
            expected="a run until `audit` that is current",
            found=f"nothing of {', '.join(sorted(needed - set(upstream.manifests)))}",
            where=f"seed {run.seed}",
            remedy="sane run CONFIG --until audit with the same settings",
        )
    frame = read_pair_frame(upstream, "test")
    truth = read_truth(upstream, frame)
    scores_vpa = upstream.arrays("explanations", "scores", "scores")
    variants = all_variants(run.settings.explanation.variants)
    named = {
        name: named_among(scores_pa, truth.present_pa) for name, scores_pa in zip(variants, scores_vpa, strict=True)
    }
    named[ANSWER] = upstream.arrays("answers", "named", "answered")
    return ModelAudit(frame.pair_ids, frame.queries, truth, named)


def table(title: str, found: Mapping[str, Mapping[str, Interval]]) -> str:
    """Return the figures in per cent as Markdown."""
    lines = [
        f"{title}\n",
        "| variant | right for both, causes differ | unchanged, cause is the same |",
        "| --- | --- | --- |",
    ]
    lines += [f"| {variant} | {_cell(one[DIFFER])} | {_cell(one[AGREE])} |" for variant, one in found.items()]
    return "\n".join(lines)


def _cell(interval: Interval) -> str:
    if interval.n == 0:
        return "-"
    return f"{100 * interval.value:.1f} [{100 * interval.low:.1f}, {100 * interval.high:.1f}], n = {interval.n}"


def main() -> int:
    settings = load_settings(Path(sys.argv[1]), sys.argv[2:])
    try:
        audits = {run.seed: read_audit(run) for run in configured_runs(settings)}
        resampling = Resampling(settings.seed, settings.evaluation.bootstrap_samples)
        for (one, first), (other, second) in combinations(audits.items(), 2):
            n_both = len(common_rows(first, second)[0])
            title = f"Seeds {one} and {other}, {n_both} pairs that both have"
            print(table(title, switching_by_variant(first, second, resampling)))
    except (PipelineError, StoreError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
