"""The regions that a group of queries' matches rest on, each as a vector in the space of embeddings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.discovery_effects import DiscoveryEffects
from flows.readers.image_lookup import EmbeddingLookup, PixelLookup
from flows.readers.scorer import load_scorer
from pipeline.discovery.coarse_cells import COARSE_CELLS, coarse
from pipeline.discovery.crops import box_around, crop_side_px, full_size_patch
from pipeline.discovery.matched_regions import matched_regions
from pipeline.discovery.methods import PATCHES
from pipeline.discovery.peak_vote import peak_cells, tie_order, vote, vote_cells
from pipeline.saliency.correspondence.interaction import one_sided_map
from stores.parts import ArraysPart, Part

Pair = Mapping[str, Any]
Row = dict[str, Any]


def run(inputs: JobInputs) -> JobResult:
    """Return `vectors` (region, dimension), float32 unit norm, and a row of `discovered_matches` per image and region.

    Of `patches` the embedding of each patch; of `components` what the two regions of a match add, a vector for two
    rows.
    """
    effects = DiscoveryEffects(
        inputs.upstream, f"discovery_effects.{inputs.settings['split']}", inputs.work["effect_shards"]
    )
    groups = [list(pairs) for _, pairs in groupby(inputs.work["pairs"], key=lambda pair: pair["query"])]
    is_of_patches = inputs.settings["method"] == PATCHES
    found = _Found(inputs.settings["split"], inputs.settings["cells"] if is_of_patches else COARSE_CELLS, [], [])
    passes = 0
    if is_of_patches:
        passes = _add_patches(inputs, groups, effects, found)
    else:
        _add_components(inputs.settings, groups, effects, found)
    length = effects.of(inputs.work["pairs"][0]["query"]).shape[-1]
    parts: dict[str, Part] = {
        "vectors": ArraysPart({"vectors": found.stacked(length)}, {"vectors": ("region", "dimension")}),
        "matches": inputs.table("discovered_matches", found.rows),
    }
    return JobResult(parts, {"queries": len(groups), "forward_passes": passes})


@dataclass(frozen=True)
class _Found:
    """Rows and vectors, which grow."""

    split: str
    cells: int
    rows: list[Row]
    vectors: list[np.ndarray]

    def add(self, pair: Pair, side: str, cell: int, row: int, **told: Any) -> None:
        y, x = divmod(cell, self.cells)
        self.rows.append(
            {
                "split": self.split,
                "image_id": pair[side],
                **{name: pair[name] for name in ("query", "reference", "similarity")},
                "row": row,
                "peak_y": (y + 0.5) / self.cells,
                "peak_x": (x + 0.5) / self.cells,
                "votes": told.get("votes"),
                "share": told.get("share"),
            }
        )

    def stacked(self, length: int) -> np.ndarray:
        """Return float32 (region, D); no component of a group of matches may be large enough."""
        if not self.vectors:
            return np.zeros((0, length), dtype=np.float32)
        return np.stack(self.vectors).astype(np.float32)


def _add_patches(inputs: JobInputs, groups: Sequence[Sequence[Pair]], effects: DiscoveryEffects, found: _Found) -> int:
    """Add the patches of all queries, embedded in as few batches as they fill; return how many passes it took."""
    settings, cells = inputs.settings, inputs.settings["cells"]
    embeddings = EmbeddingLookup(inputs.upstream, inputs.work["embedding_shards"])
    pixels = PixelLookup(inputs.upstream, inputs.work["image_shards"])
    tie_rank_u = tie_order(cells, int(settings["seed"]))
    side_px = crop_side_px(settings["image_size_px"], settings["crop_share"])
    patches: list[np.ndarray] = []
    for pairs in groups:
        names = [pair["reference"] for pair in pairs]
        query_d, references_kd = embeddings.of([pairs[0]["query"]])[0], embeddings.of(names)
        maps_ku = np.stack([one_sided_map(effects.of(pairs[0]["query"]), one_d) for one_d in references_kd])
        similarity_k = np.array([pair["similarity"] for pair in pairs])
        agreed = vote(vote_cells(peak_cells(maps_ku, tie_rank_u), cells), similarity_k, settings["kept"])
        for slot in agreed.kept_n:
            map_u = one_sided_map(effects.of(names[slot]), query_d)
            peak = int(peak_cells(map_u[None], tie_rank_u)[0])
            box = box_around(peak, cells, settings["image_size_px"], side_px)
            found.add(pairs[slot], "reference", peak, len(patches), votes=agreed.votes)
            patches.append(full_size_patch(pixels.of(names[slot]), box))
    found.vectors.extend(load_scorer(inputs).embed(np.stack(patches)))
    return len(patches)


def _add_components(
    settings: Mapping[str, Any], groups: Sequence[Sequence[Pair]], effects: DiscoveryEffects, found: _Found
) -> None:
    """Add the components of each query's most similar references: both images have what they match by."""
    for pairs in groups:
        for pair in pairs[: settings["kept"]]:
            query_ud, reference_vd = (coarse(effects.of(pair[side])) for side in ("query", "reference"))
            regions = matched_regions(query_ud, reference_vd, settings["components"], settings["smallest_share"])
            for number, vector_d in enumerate(regions.vectors_kd):
                share = float(regions.share_k[number])
                row = len(found.vectors)
                found.add(pair, "query", int(regions.query_cell_k[number]), row, share=share)
                found.add(pair, "reference", int(regions.reference_cell_k[number]), row, share=share)
                found.vectors.append(vector_d)
