"""Do a pair's own maps help to name its cause? Each variant that matches maps, less itself with maps of other pairs.

    python -m benchmarks.own_maps CONFIG [--set key=value]

Repeat every --set of the run, which must be there up to `metrics`; `evaluation.seeds` are taken one by one. The papers
credit the matching of maps; the same score with maps exchanged between pairs keeps all else. Of each variant the
matched effect of what it names (0 where the query lacks it), and on rendered items the true effect of it, x 100, on
pairs where both have one: both values, their difference with a 95 % interval over whole clusters (queries, classes or
outfits), and its p after Holm's correction over the variants and measures of a seed.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flows.configured_runs import configured_runs
from flows.engine.upstream import Upstream
from flows.readers.clusters import read_pair_clusters
from flows.readers.pair_frame import read_pair_frame
from flows.settings.configuration import Settings
from flows.settings.file import load_settings
from pipeline.errors import PipelineError
from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.comparisons import Difference
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from pipeline.explanation.variants import SHUFFLED
from stores.errors import StoreError

Row = Mapping[str, Any]
# By measure and variant: a value for each pair, NaN where it has none.
Values = Mapping[tuple[str, str], np.ndarray]
MATCHED, TRUE = "matched effect", "true effect"


@dataclass(frozen=True)
class Compared:
    """One measure of a variant, with its own maps and with those of other pairs."""

    variant: str
    measure: str
    own: float
    exchanged: float
    difference: Difference


def compared_variants(pairs: MeasuredPairs, values: Values) -> list[Compared]:
    """Return each variant that has a copy with exchanged maps, for every measure, as one family."""
    keys = [(measure, name) for measure, name in values if (measure, name + SHUFFLED) in values]
    both = [(values[measure, name], values[measure, name + SHUFFLED]) for measure, name in keys]
    found = []
    for (measure, name), (own_p, other_p), difference in zip(keys, both, pairs.compare(both), strict=True):
        shared_p = np.isfinite(own_p) & np.isfinite(other_p)
        own, exchanged = (float(one[shared_p].mean()) for one in (own_p, other_p))
        found.append(Compared(name, measure, own, exchanged, difference))
    return found


def matched_effects(named: Sequence[Row], replacements: Sequence[Row]) -> dict[tuple[str, str], float]:
    """Return by variant and pair the matched effect of the attribute named, 0 where the query lacks it; NaN for none.

    Args:
        named: `pair_id`, `variant` and `attribute` of what each variant names first.
        replacements: `pair_id`, `attribute` and `effect` of the kind `matched`, of attributes of the query alone.
    """
    drops = {(row["pair_id"], row["attribute"]): row["effect"] for row in replacements}
    found = {}
    for row in named:
        effect = drops.get((row["pair_id"], row["attribute"]), 0.0)
        found[row["variant"], row["pair_id"]] = np.nan if effect is None else 0.0 - effect
    return found


def true_effects(outcomes: Sequence[Row]) -> dict[tuple[str, str], float]:
    """Return by variant and pair the true effect of the attribute named, of pairs that the audit counts."""
    return {(row["variant"], row["pair_id"]): row["effect"] for row in outcomes if row["eligible"]}


def read_values(upstream: Upstream, pairs: MeasuredPairs) -> Values:
    """Return every variant's effects in the order of the pairs; true ones where the run is audited."""
    named = [row for row in upstream.rows("explanations", "explanations") if row["rank"] == 1]
    replaced = [row for row in upstream.rows("replacements.test", "replacements") if row["kind"] == "matched"]
    by_measure = {MATCHED: matched_effects(named, replaced)}
    if "audit" in upstream.manifests:
        by_measure[TRUE] = true_effects(upstream.rows("audit", "audit_outcomes"))
    values = {}
    for measure, effects in by_measure.items():
        for variant in dict.fromkeys(name for name, _ in effects):
            own = {pair_id: effect for (name, pair_id), effect in effects.items() if name == variant}
            values[measure, variant] = pairs.placed(list(own), list(own.values()))
    return values


def markdown(seed: int, found: Sequence[Compared]) -> list[str]:
    """Return a line for each comparison of a seed."""
    lines = []
    for one in found:
        gap = one.difference.interval
        interval = f"{100 * gap.value:+.1f} [{100 * gap.low:+.1f}, {100 * gap.high:+.1f}]"
        values = f"{100 * one.own:.1f} | {100 * one.exchanged:.1f}"
        p_text = f"{'≤ ' if one.difference.is_bound else ''}{one.difference.p_value:.3f}"
        lines.append(f"| {one.variant} | {one.measure} | {seed} | {values} | {interval} | {p_text} | {gap.n} |")
    return lines


def _compared(upstream: Upstream, settings: Settings, seed: int) -> list[Compared]:
    frame = read_pair_frame(upstream, "test")
    clusters_p = read_pair_clusters(upstream, frame, settings.dataset.declared.shared_unit)
    pairs = MeasuredPairs(frame.pair_ids, clusters_p, Resampling(seed, settings.evaluation.bootstrap_samples))
    return compared_variants(pairs, read_values(upstream, pairs))


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="key=value")
    arguments = parser.parse_args(words)
    lines = ["| variant | measure | seed | own maps | of other pairs | difference | p | pairs |", "| --- " * 8 + "|"]
    try:
        settings = load_settings(arguments.config, arguments.overrides)
        for run in configured_runs(settings):
            upstream = run.current()
            if not {"explanations", "replacements.test"} <= set(upstream.manifests):
                sys.exit("error: no explanations are current; run the configuration first")
            lines += markdown(run.seed, _compared(upstream, settings, run.seed))
    except (PipelineError, StoreError) as error:
        sys.exit(f"error\n{error}")
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
