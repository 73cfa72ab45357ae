"""Each pair's saliency map as a distribution over the predictor's grid."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from flows.engine.upstream import Upstream
from pipeline.explanation.normalise_map import MapNormalisation, apply_normalisation, map_normalisation


def stage_normalisation(settings: Mapping[str, Any]) -> MapNormalisation:
    """Return the normalisation that a stage's settings name."""
    return map_normalisation(settings["map_normalisation"], settings["map_temperature"])


def read_normalised_maps(
    upstream: Upstream, stage: str, pair_ids: list[str], normalisation: MapNormalisation
) -> np.ndarray:
    """Return float32 (pair, cell, cell): each pair's map as a distribution over the predictor's grid."""
    by_pair: dict[str, np.ndarray] = {}
    for commit in upstream.commits(stage):
        maps_qkyx = upstream.store.read_part_arrays(commit, "maps", ["maps"])["maps"]
        side = maps_qkyx.shape[-1]
        table = upstream.store.read_part_table(commit, "map_rows")
        rows = table["row"].to_numpy()
        chosen = maps_qkyx.reshape(-1, side, side)[rows].astype(np.float32)
        normalised = apply_normalisation(chosen, normalisation)
        by_pair.update(zip(table["pair_id"].to_pylist(), normalised, strict=True))
    return np.stack([by_pair[pair_id] for pair_id in pair_ids])
