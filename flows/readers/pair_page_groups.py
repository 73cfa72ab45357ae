"""Results that are cut by query, of one group of queries: maps, curves, regions and true effects by pair."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flows.engine.upstream import Upstream
from flows.readers.saliency_maps import maps_of_shard, maps_stage
from pipeline.report.both_sides import MatchPart

REGIONS, EFFECTS = "correspondences.test", "true_effects.test"
Shards = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class PairGroup:
    """What the shards of a group of queries hold, by pair id.

    Attributes:
        maps: float (y, x) by generator and mode.
        curves: rows of `faithfulness` likewise.
        reference_maps: float (cell y, cell x), RISE's map of the reference.
        regions: (query regions, reference regions) of the components, each (component, cell y, cell x).
        true_effects: effect by attribute.
    """

    maps: Mapping[tuple[str, str], Mapping[str, np.ndarray]]
    curves: Mapping[tuple[str, str], Mapping[str, Mapping[str, Any]]]
    reference_maps: Mapping[str, np.ndarray] = field(default_factory=dict)
    regions: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    true_effects: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def parts(self, pair_id: str, rows: Sequence[Mapping[str, Any]]) -> list[MatchPart]:
        """Return the parts of a pair's match, given its rows of `match_components`; none of signed ones."""
        if pair_id not in self.regions:
            return []
        query_khw, reference_khw = self.regions[pair_id]
        return [
            MatchPart(query_khw[k], reference_khw[k], row["share"], row["p_value"], row["attribute"])
            for row in rows
            if not row["is_signed"]
            for k in (int(row["component"]) - 1,)
        ]


def read_pair_group(upstream: Upstream, generator_modes: Sequence[tuple[str, str]], shards: Shards) -> PairGroup:
    """Return what these shards hold.

    Args:
        upstream: must hold the stages that are named in `shards`.
        generator_modes: whose maps and curves are read.
        shards: keys of the shards of each stage.
    """
    reference_maps, regions = _both_sides(upstream, shards.get(REGIONS, ()))
    return PairGroup(
        {one: _maps(upstream, maps_stage(*one), shards) for one in generator_modes},
        {one: _curves(upstream, "faithfulness.{}.{}".format(*one), shards) for one in generator_modes},
        reference_maps,
        regions,
        _true_effects(upstream, shards.get(EFFECTS, ())),
    )


def _maps(upstream: Upstream, stage: str, shards: Shards) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for key in shards.get(stage, ()):
        found |= maps_of_shard(upstream, upstream.commit_of(stage, key))
    return found


def _curves(upstream: Upstream, stage: str, shards: Shards) -> dict[str, Mapping[str, Any]]:
    columns = ["pair_id", "insertion_auc", "deletion_auc", "insertion_curve", "deletion_curve"]
    return {
        row["pair_id"]: row
        for key in shards.get(stage, ())
        for row in upstream.store.read_part_table(upstream.commit_of(stage, key), "faithfulness", columns).to_pylist()
    }


def _both_sides(
    upstream: Upstream, keys: Sequence[str]
) -> tuple[dict[str, np.ndarray], dict[str, tuple[np.ndarray, np.ndarray]]]:
    reference_maps, regions = {}, {}
    for key in keys:
        commit = upstream.commit_of(REGIONS, key)
        reference_nyx = upstream.store.read_part_arrays(commit, "maps", ["reference"])["reference"]
        sides = ("query_regions", "reference_regions")
        arrays = upstream.store.read_part_arrays(commit, "components", sides)
        for row in upstream.store.read_part_table(commit, "correspondence_rows", ["pair_id", "row"]).to_pylist():
            place = row["row"]
            reference_maps[row["pair_id"]] = reference_nyx[place]
            regions[row["pair_id"]] = (arrays[sides[0]][place], arrays[sides[1]][place])
    return reference_maps, regions


def _true_effects(upstream: Upstream, keys: Sequence[str]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for key in keys:
        table = upstream.store.read_part_table(
            upstream.commit_of(EFFECTS, key), "true_effects", ["pair_id", "attribute", "effect"]
        )
        columns = [table[name].to_pylist() for name in ("pair_id", "attribute", "effect")]
        for pair_id, attribute, effect in zip(*columns, strict=True):
            found.setdefault(pair_id, {})[attribute] = effect
    return found
