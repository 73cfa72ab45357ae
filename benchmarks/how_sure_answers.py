"""How often an answer that is called sure, unsure or contradicted is right, where the truth of pairs is known.

    python -m benchmarks.how_sure_answers CONFIG [--set key=value]

Repeat every --set of the run that made the answers; it must have audited them. How sure an answer is says
`pipeline.report.how_sure`, here without the truth and, in further rows, without the probability, which is calibrated
on pairs of known truth and does not exist for photographs. Right: the attribute has at least 90 % of the strongest true
effect, and that is above the noise; an answer where no attribute matters is wrong. Intervals are 95 %, over resampled
queries (corrected bootstrap).
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from flows.configured_runs import configured_runs
from flows.readers.pair_knowledge import read_pair_knowledge
from flows.settings.file import load_settings
from pipeline.errors import PipelineError
from pipeline.evaluation.bootstrap import Interval, clustered_interval
from pipeline.report.answer_checks import PairKnowledge
from pipeline.report.how_sure import CONTRADICTED, SURE, UNSURE, how_sure
from stores.errors import StoreError

Row = Mapping[str, Any]
NO_PROBABILITY = {"probability": None, "probability_of": None}


@dataclass(frozen=True)
class Judged:
    """How often answers of a level are right."""

    checks: str
    level: str
    right: Interval


def judged_answers(
    answers: Sequence[Row], known: Sequence[PairKnowledge], queries: Sequence[str], seed: int, samples: int
) -> list[Judged]:
    """Return for each level, with and without the probability, the share of right answers among those audited."""
    audited = [
        (row, one, query)
        for row, one, query in zip(answers, known, queries, strict=True)
        if row["attribute"] is not None and one.outcome is not None
    ]
    clusters = np.unique([query for _, _, query in audited], return_inverse=True)[1]
    right_p = np.array([bool(one.outcome and one.outcome["eligible"] and one.outcome["hit"]) for _, one, _ in audited])
    found = []
    for checks, changed in (("all checks", {}), ("without the probability", NO_PROBABILITY)):
        levels = np.array([how_sure({**row, **changed}, replace(one, outcome=None)).level for row, one, _ in audited])
        for level in (SURE, UNSURE, CONTRADICTED):
            values = np.where(levels == level, right_p.astype(np.float64), np.nan)
            found.append(Judged(checks, level, clustered_interval(values, clusters, seed=seed, samples=samples)))
    return found


def markdown(found: Sequence[Judged]) -> str:
    """Return the shares as a table, in percent."""
    lines = ["| checks | answers | pairs | queries | right |", "| --- | --- | --- | --- | --- |"]
    for one in found:
        text = f"{100 * one.right.value:.0f} [{100 * one.right.low:.0f}, {100 * one.right.high:.0f}]"
        text = text if one.right.n else "-"
        lines.append(f"| {one.checks} | {one.level} | {one.right.n} | {one.right.n_clusters} | {text} |")
    return "\n".join(lines)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="key=value")
    arguments = parser.parse_args(words)
    try:
        settings = load_settings(arguments.config, arguments.overrides)
        run = configured_runs(settings)[0]
        upstream = run.current()
        if not {"answers", "audit", "replacements.test"} <= set(upstream.manifests):
            sys.exit("error: no audited answers are current; run the configuration first, on a dataset of known truth")
        answers = [row for row in upstream.rows("answers", "answers") if row["split"] == "test"]
        query_of = {row["pair_id"]: row["query"] for row in upstream.rows("pairs.test", "pairs")}
        ids = [row["pair_id"] for row in answers]
        found = judged_answers(
            answers,
            read_pair_knowledge(upstream, ids, answers),
            [query_of[pair_id] for pair_id in ids],
            settings.seed,
            settings.evaluation.bootstrap_samples,
        )
    except (PipelineError, StoreError) as error:
        sys.exit(f"error\n{error}")
    print(f"Right answers by how sure they are called, % [95 % interval]\n\n{markdown(found)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
