"""What edits of a whole item do to the scores of a group of queries: without colour, mirrored, on another ground."""

from itertools import groupby
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.conditions import read_references, stage_masks
from flows.readers.image_lookup import EmbeddingLookup, PixelLookup
from flows.readers.scorer import load_scorer
from pipeline.datasets.planted.renderer import item_share, render_item, render_mirrored
from pipeline.datasets.planted.spec import planted_spec
from pipeline.evaluation.recolouring.cut_item import CutItem, cut_photograph
from pipeline.evaluation.recolouring.edit_kinds import NotEdited
from pipeline.evaluation.recolouring.effects import score_drops
from pipeline.evaluation.recolouring.reasons import LeftOut
from pipeline.evaluation.recolouring.whole_edits import EditedItem, ItemEdits, edit_cut_item
from pipeline.randomness import keyed_rng
from stores.parts import ArraysPart, Part


def run(inputs: JobInputs) -> JobResult:
    """Return `edit_effects` (pair, edit), and for the report one edit of each query."""
    seed = int(inputs.settings["seed"])
    images = PixelLookup(inputs.upstream, inputs.work["image_shards"])
    embeddings = EmbeddingLookup(inputs.upstream, inputs.work["embedding_shards"])
    masks = stage_masks(inputs)
    rows: list[dict[str, Any]] = []
    items, pixels = [], [np.zeros((0, *images.of(inputs.work["pairs"][0]["query"]).shape), np.uint8)]
    passes = 0
    for query, grouped in groupby(inputs.work["pairs"], key=lambda pair: pair["query"]):
        pairs, edits = list(grouped), _edits(inputs, images, query, seed)
        made = [one for one in edits.values() if isinstance(one, EditedItem)]
        drops: dict[str, np.ndarray] = {}
        if made:
            scored = np.stack([images.of(query), *(one.pixels_hwc for one in made)])
            passes += len(scored)
            references_kd, masks_kd = read_references(embeddings, pairs, masks)
            drops_ek = score_drops(load_scorer(inputs).embed(scored), references_kd, masks_kd)
            drops = {one.edit: drop_k for one, drop_k in zip(made, drops_ek, strict=True)}
            kept = made[int(keyed_rng(seed, query, "shown edit of a whole item").integers(len(made)))]
            items.append({"query": query, "edit": kept.edit.value})
            pixels.append(kept.pixels_hwc[None])
        rows += [
            {
                "pair_id": pair["pair_id"],
                "edit": edit.value,
                "effect": float(drops[edit][slot]) if isinstance(one, EditedItem) else None,
                "reason": one.value if isinstance(one, NotEdited) else None,
            }
            for slot, pair in enumerate(pairs)
            for edit, one in edits.items()
        ]
    parts: dict[str, Part] = {
        "edit_effects": inputs.table("edit_effects", rows),
        "edited_items": inputs.table("edited_items", items),
        "edited_pixels": ArraysPart({"pixels": np.concatenate(pixels)}, {"pixels": ("query", "y", "x", "channel")}),
    }
    return JobResult(parts, {"pairs": len(inputs.work["pairs"]), "forward_passes": passes})


def _edits(inputs: JobInputs, images: PixelLookup, query: str, seed: int) -> ItemEdits:
    if "dataset" in inputs.settings:
        spec = planted_spec(inputs.settings["dataset"])
        item = CutItem(render_item(spec, query), item_share(spec, query))
        return edit_cut_item(item, render_mirrored(spec, query), seed, query)
    if query not in inputs.work["editable"]:
        return edit_cut_item(LeftOut.OTHER_TYPE, None, seed, query)
    return edit_cut_item(cut_photograph(images.of(query)), None, seed, query)
