"""Each pair's saliency map as a distribution over the predictor's grid."""

import numpy as np

from flows.engine.upstream import Upstream
from pipeline.explanation.normalise_map import normalise_map


def read_normalised_maps(upstream: Upstream, stage: str, pair_ids: list[str], inverse_temperature: float) -> np.ndarray:
    """Return float32 (pair, cell, cell): each pair's map as a distribution over the predictor's grid."""
    by_pair: dict[str, np.ndarray] = {}
    for commit in upstream.commits(stage):
        maps_qkyx = upstream.store.read_part_arrays(commit, "maps", ["maps"])["maps"]
        side = maps_qkyx.shape[-1]
        table = upstream.store.read_part_table(commit, "map_rows")
        rows = table["row"].to_numpy()
        chosen = maps_qkyx.reshape(-1, side, side)[rows].astype(np.float32)
        normalised = normalise_map(chosen, inverse_temperature=inverse_temperature)
        by_pair.update(zip(table["pair_id"].to_pylist(), normalised, strict=True))
    return np.stack([by_pair[pair_id] for pair_id in pair_ids])
