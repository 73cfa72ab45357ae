"""Measured effects of colour for a group of queries: each is edited to every other colour and to its own."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.colour_references import read_colour_references
from flows.readers.conditions import read_references, stage_masks
from flows.readers.image_lookup import EmbeddingLookup, PixelLookup
from flows.readers.scorer import load_scorer
from pipeline.evaluation.recolouring.effects import score_drops
from pipeline.evaluation.recolouring.item_edits import ItemEdits, edit_item
from pipeline.evaluation.recolouring.reasons import LeftOut
from pipeline.evaluation.recolouring.references import LabelledItem
from pipeline.randomness import keyed_rng
from stores.parts import ArraysPart, Part


def run(inputs: JobInputs) -> JobResult:
    """Return `recoloured_effects` (pair, target colour), and for the report one accepted edit of each query."""
    seed = int(inputs.settings["seed"])
    images = PixelLookup(inputs.upstream, inputs.work["image_shards"])
    edits = _edits(inputs, images, seed)
    effects = _Effects(inputs, images)
    rows: list[dict[str, Any]] = []
    items, pixels = [], [np.zeros((0, *images.of(inputs.work["pairs"][0]["query"]).shape), np.uint8)]
    for query, grouped in groupby(inputs.work["pairs"], key=lambda pair: pair["query"]):
        pairs, (colour, _) = list(grouped), inputs.work["colours"][query]
        found = edits[query]
        if isinstance(found, LeftOut):
            rows += [_left_out(pair["pair_id"], colour, found) for pair in pairs]
            continue
        rows += effects.rows(query, colour, pairs, found)
        accepted = [one for one in found.others if one.is_recognised]
        kept = accepted[int(keyed_rng(seed, query, "shown edit").integers(len(accepted)))]
        items.append({"query": query, "attribute": colour, "target_colour": kept.colour})
        pixels.append(kept.pixels_hwc[None])
    parts: dict[str, Part] = {
        "recoloured_effects": inputs.table("recoloured_effects", rows),
        "recoloured_items": inputs.table("recoloured_items", items),
        "recoloured_pixels": ArraysPart({"pixels": np.concatenate(pixels)}, {"pixels": ("query", "y", "x", "channel")}),
    }
    return JobResult(parts, {"pairs": len(inputs.work["pairs"]), "forward_passes": effects.passes})


def _edits(inputs: JobInputs, images: PixelLookup, seed: int) -> dict[str, ItemEdits | LeftOut]:
    references = read_colour_references(inputs.upstream)
    found: dict[str, ItemEdits | LeftOut] = {}
    for query, (colour, reason) in inputs.work["colours"].items():
        if colour is None:
            found[query] = LeftOut(reason)
        else:
            found[query] = edit_item(LabelledItem(query, colour, images.of(query)), references, seed)
    return found


class _Effects:
    """Scores a query and its edits against its references, under the pairs' conditions."""

    def __init__(self, inputs: JobInputs, images: PixelLookup) -> None:
        self._inputs = inputs
        self._images = images
        self._embeddings = EmbeddingLookup(inputs.upstream, inputs.work["embedding_shards"])
        self._masks = stage_masks(inputs)
        self.passes = 0

    def rows(
        self, query: str, colour: str, pairs: Sequence[Mapping[str, str]], edits: ItemEdits
    ) -> list[dict[str, Any]]:
        """Return a row per pair and other colour."""
        accepted = [one for one in edits.others if one.is_recognised]
        scored = [self._images.of(query), *(one.pixels_hwc for one in (*accepted, *edits.same))]
        self.passes += len(scored)
        references_kd, masks_kd = read_references(self._embeddings, pairs, self._masks)
        drops_ek = score_drops(load_scorer(self._inputs).embed(np.stack(scored)), references_kd, masks_kd)
        same_k = drops_ek[len(accepted) :].mean(axis=0)
        drop_of = {one.colour: drop_k for one, drop_k in zip(accepted, drops_ek, strict=False)}
        return [
            {
                "pair_id": pair["pair_id"],
                "attribute": colour,
                "target_colour": one.colour,
                "effect": float(drop_of[one.colour][slot]) if one.is_recognised else None,
                "same_colour_effect": float(same_k[slot]),
                "accepted": one.is_recognised,
                "reason": None if one.is_recognised else LeftOut.NOT_TAKEN.value,
            }
            for slot, pair in enumerate(pairs)
            for one in edits.others
        ]


def _left_out(pair_id: str, colour: str | None, reason: LeftOut) -> dict[str, Any]:
    return {
        "pair_id": pair_id,
        "attribute": colour,
        "target_colour": None,
        "effect": None,
        "same_colour_effect": None,
        "accepted": False,
        "reason": reason.value,
    }
