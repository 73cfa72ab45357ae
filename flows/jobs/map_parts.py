"""How the maps of a group of planted queries treat every attribute, and whether they follow their references."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from pipeline.evaluation.audit.localisation import scored_regions
from pipeline.evaluation.map_protocols.part_masses import mass_rank_correlation, mass_without_effect
from pipeline.evaluation.map_protocols.positive_mass import masses_in_regions
from pipeline.evaluation.map_protocols.relevance import relevance_mass_accuracy, relevance_rank_accuracy
from pipeline.evaluation.map_protocols.target_sensitivity import is_right_move, moved_mass

REGIONS = "attribute_regions.test"


@dataclass(frozen=True)
class _Pair:
    """A pair with its map (y, x), the effect of each attribute of its query, and their regions (attribute, y, x)."""

    pair_id: str
    map_hw: np.ndarray
    effects: Mapping[str, float]
    regions_ahw: np.ndarray

    @property
    def best(self) -> str:
        """The attribute with the largest effect, the first of equals."""
        return max(self.effects, key=lambda name: self.effects[name])

    def region(self, attribute: str) -> np.ndarray:
        found: np.ndarray = self.regions_ahw[list(self.effects).index(attribute)]
        return found


def run(inputs: JobInputs) -> JobResult:
    """Return `map_parts`, a row per pair, and `target_sensitivity`, a row per two pairs that tell it."""
    floor = float(inputs.work["floor"])
    made = {name: inputs.settings[name] for name in ("generator", "mode")}
    rows, switch_rows = [], []
    for pairs in _pairs_of_queries(inputs):
        rows += [{"pair_id": pair.pair_id, **made, **_as_nulls(_measures(pair, floor))} for pair in pairs]
        switch_rows += [{**made, **row} for row in _switches(pairs, floor)]
    tables = {
        "map_parts": inputs.table("map_parts", rows),
        "target_sensitivity": inputs.table("target_sensitivity", switch_rows),
    }
    return JobResult(dict(tables), {"pairs": len(rows), "compared_pairs": len(switch_rows)})


def _pairs_of_queries(inputs: JobInputs) -> list[list[_Pair]]:
    store = inputs.upstream.store
    commit = inputs.upstream.commit_of(inputs.settings["maps"], inputs.work["maps_shard"])
    maps_qkyx = store.read_part_arrays(commit, "maps", ["maps"])["maps"]
    maps_nyx = maps_qkyx.reshape(-1, *maps_qkyx.shape[2:])
    regions = _regions(inputs)
    found = []
    for query, grouped in groupby(inputs.work["pairs"], key=lambda pair: pair["query"]):
        of_query = regions[query]
        found.append(
            [
                _Pair(
                    pair["pair_id"],
                    maps_nyx[pair["row"]].astype(np.float32),
                    pair["effects"],
                    np.stack([of_query[name] for name in pair["effects"]]),
                )
                for pair in grouped
            ]
        )
    return found


def _regions(inputs: JobInputs) -> dict[str, dict[str, np.ndarray]]:
    """Return the region (y, x) of each attribute of each query of the shard."""
    store, shards = inputs.upstream.store, inputs.work["region_shards"]
    found: dict[str, dict[str, np.ndarray]] = {query: {} for query in shards}
    for key in dict.fromkeys(shards.values()):
        commit = inputs.upstream.commit_of(REGIONS, key)
        regions_nyx = store.read_part_arrays(commit, "regions", ["regions"])["regions"]
        for row in store.read_part_table(commit, "attribute_region_rows").to_pylist():
            if row["query"] in found:
                found[row["query"]][row["attribute"]] = regions_nyx[row["row"]]
    return found


def _measures(pair: _Pair, floor: float) -> dict[str, float]:
    effect_a = np.array(list(pair.effects.values()), dtype=np.float64)
    region_hw = pair.region(pair.best)
    is_scored = bool(scored_regions(np.array([region_hw.mean()]))[0])
    accuracies = (relevance_mass_accuracy, relevance_rank_accuracy)
    mass, rank = (measure(pair.map_hw, region_hw) if is_scored else math.nan for measure in accuracies)
    return {
        "mass_rank_correlation": mass_rank_correlation(masses_in_regions(pair.map_hw, pair.regions_ahw), effect_a),
        "mass_without_effect": mass_without_effect(pair.map_hw, pair.regions_ahw, effect_a, floor),
        "relevance_mass_accuracy": mass,
        "relevance_rank_accuracy": rank,
    }


def _switches(pairs: Sequence[_Pair], floor: float) -> list[dict[str, Any]]:
    """Return a row for each two pairs of one query whose truly best attributes differ, both effects above the floor."""
    told = [pair for pair in pairs if pair.effects[pair.best] > floor]
    rows = []
    for pair, other in combinations(told, 2):
        if pair.best == other.best:
            continue
        regions = pair.region(pair.best), pair.region(other.best)
        moved = moved_mass(pair.map_hw, other.map_hw, *regions)
        named = {"attribute": pair.best, "other_attribute": other.best}
        found = {"moved_mass": moved, "is_right_move": is_right_move(moved)}
        rows.append({"pair_id": pair.pair_id, "other_pair_id": other.pair_id, **named, **_as_nulls(found)})
    return rows


def _as_nulls(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in values.items()}
