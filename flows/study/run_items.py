"""What a finished run has to ask about: its test pairs with the attributes that each source names."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.configured_runs import configured_runs
from flows.results import Results, open_results
from flows.settings.file import load_settings
from pipeline.errors import BadSetting
from pipeline.study.conditions import ANSWER, RANDOM
from pipeline.study.items import MatchedPair


@dataclass(frozen=True)
class StudiedRun:
    """A run that is asked about.

    Attributes:
        name: of the dataset in tables: the configuration's file name without its ending.
        kind: `dataset.kind`.
        seed: the first of the configuration.
        results: of the run.
    """

    name: str
    kind: str
    seed: int
    results: Results


def open_run(config: Path, overrides: Sequence[str]) -> StudiedRun:
    """Return a finished run.

    Raises:
        BadSetting: the configuration is refused.
        PipelineError, StoreError: inputs are refused, or the store cannot be read.
    """
    settings = load_settings(config, list(overrides))
    seed = configured_runs(settings, config=str(config))[0].seed
    return StudiedRun(config.stem, settings.dataset.kind, seed, open_results(config, overrides))


def vocabulary(run: StudiedRun) -> list[str]:
    """Return the names of all attributes.

    Raises:
        BadSetting: the run has not made them, or part of them is stale.
    """
    return sorted({row["attribute"] for row in _rows(run, "attribute_vocabulary")})


def matched_pairs(run: StudiedRun, sources: Sequence[str]) -> tuple[list[MatchedPair], int]:
    """Return the test pairs for which every source names an attribute, and how many are left out.

    Args:
        run: finished up to answers and explanations.
        sources: `answer` and variants of the run; `random` is drawn elsewhere.

    Raises:
        BadSetting: tables are missing, or the run has no such variant.
    """
    named: dict[str, dict[str, str]] = {source: {} for source in sources if source != RANDOM}
    if ANSWER in named:
        named[ANSWER] = {row["pair_id"]: row["attribute"] for row in _rows(run, "answers") if row["attribute"]}
    if variants := [source for source in named if source != ANSWER]:
        explained = [row for row in _rows(run, "explanations") if row["rank"] == 1 and row["split"] == "test"]
        for row in explained:
            # Without a score the variant excludes every attribute: it names none.
            if row["variant"] in variants and row["score"] is not None:
                named[row["variant"]][row["pair_id"]] = row["attribute"]
        known = {row["variant"] for row in explained}
        _refuse_absent([variant for variant in variants if variant not in known], known, run)
    scores = {row["pair_id"]: row["similarity"] for row in _rows(run, "similarities")}
    tested = [row for row in _rows(run, "pairs") if row["split"] == "test" and row["is_match"]]
    found = [
        MatchedPair(
            row["pair_id"],
            row["query"],
            row["reference"],
            scores[row["pair_id"]],
            {source: pairs[row["pair_id"]] for source, pairs in named.items()},
        )
        for row in tested
        if row["pair_id"] in scores and all(row["pair_id"] in pairs for pairs in named.values())
    ]
    return found, len(tested) - len(found)


def _rows(run: StudiedRun, table: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = run.results.table(table).to_pylist()
    return [row for row in rows if row.get("seed", run.seed) == run.seed]


def _refuse_absent(absent: list[str], known: set[str], run: StudiedRun) -> None:
    if absent:
        raise BadSetting(
            expected=f"variants of the run: {', '.join(sorted(known))}",
            found=", ".join(absent),
            where=run.name,
            remedy="name conditions that the run has (--condition, --explained-by), or add the variants to "
            "explanation.variants and run",
        )
