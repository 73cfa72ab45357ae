"""Do both sides' maps find the causes of a match, and which part goes with which? Rendered items only."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.readers.cell_effects import CellEffectLookup
from flows.readers.pair_causes import CauseRegions, read_causes
from pipeline.datasets.planted.spec import planted_spec
from pipeline.evaluation.audit.both_sides import AuditedMatch, are_scored, as_columns, located_cause, told_apart
from pipeline.saliency.correspondence.components import MatchComponents
from pipeline.saliency.correspondence.interaction import interaction

STAGE = "correspondences.test"
CAUSES = ("first", "second")


def run(inputs: JobInputs) -> JobResult:
    """Return `correspondence_localisation` and `correspondence_causes`."""
    upstream = inputs.upstream
    matches = _Matches(upstream)
    regions = CauseRegions(planted_spec(inputs.settings["dataset"]))
    names = _component_names(upstream)
    located: list[dict[str, Any]] = []
    causes_rows: list[dict[str, Any]] = []
    for pair, causes in read_causes(upstream).items():
        if pair not in matches.rows:
            continue
        row = matches.rows[pair]
        match = matches.of(pair)
        shown = [cause for cause in causes if are_scored(*regions.of(row, cause))][: len(CAUSES)]
        for order, cause in zip(CAUSES, shown, strict=False):
            found = as_columns(located_cause(match, *regions.of(row, cause)))
            located += [{"pair_id": pair, "cause": order, "attribute": cause, **one} for one in found]
        causes_rows.append({"pair_id": pair, **_cause_columns(match, row, causes, shown, regions, names.get(pair, []))})
    parts = {
        "correspondence_localisation": inputs.table("correspondence_localisation", located),
        "correspondence_causes": inputs.table("correspondence_causes", causes_rows),
    }
    return JobResult(dict(parts), {"pairs": len(causes_rows)})


def _component_names(upstream: Upstream) -> dict[str, list[str | None]]:
    names: dict[str, list[str | None]] = {}
    for row in upstream.rows("match_components.test", "match_components"):
        names.setdefault(row["pair_id"], []).append(row["attribute"])
    return names


def _cause_columns(
    match: AuditedMatch,
    row: Mapping[str, Any],
    causes: list[str],
    shown: list[str],
    regions: CauseRegions,
    names: list[str | None],
) -> dict[str, Any]:
    apart = None
    if len(shown) > 1:
        first, second = (regions.of(row, cause) for cause in shown[:2])
        apart = told_apart(match, (first[0], second[0]), (first[1], second[1]))
    named = [int(name == cause) for name, cause in zip(names, causes, strict=False)]
    return {
        "causes": causes,
        "told_apart_by_region": None if apart is None else apart.by_region,
        "told_apart_by_components": None if apart is None else apart.by_components,
        "first_named": float(named[0]) if named else None,
        "second_named": float(named[1]) if len(named) > 1 else None,
        "a_cause_named": float(names[0] in causes) if names and names[0] is not None and causes else None,
    }


class _Matches:
    """Pairs as they are explained from both sides."""

    def __init__(self, upstream: Upstream) -> None:
        rows = upstream.rows(STAGE, "correspondence_rows")
        self.rows = {row["pair_id"]: {**row, "place": place} for place, row in enumerate(rows)}
        named = ("query_regions", "reference_regions", "joint", "share")
        self._components = {name: upstream.arrays(STAGE, "components", name) for name in named}
        self._maps = {name: upstream.arrays(STAGE, "maps", name) for name in ("query", "reference")}
        self._effects = CellEffectLookup.of_all(upstream)

    def of(self, pair_id: str) -> AuditedMatch:
        """Return one pair."""
        row = self.rows[pair_id]
        place = row["place"]
        joint_uv = interaction(self._effects.of(row["query"], ""), self._effects.of(row["reference"], ""))
        found = {name: values[place] for name, values in self._components.items()}
        count = int(np.isfinite(found["joint"]).sum())
        components = MatchComponents(
            found["query_regions"][:count].reshape(count, -1),
            found["reference_regions"][:count].reshape(count, -1),
            found["joint"][:count],
            found["share"][:count],
        )
        return AuditedMatch(
            joint_uv, self._maps["query"][place].ravel(), self._maps["reference"][place].ravel(), components
        )
