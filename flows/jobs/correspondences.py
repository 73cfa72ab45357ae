"""Maps of both sides and components of a group of pairs, from the effects of the cells of their images."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.cell_effects import CellEffectLookup
from flows.readers.conditions import stage_masks
from flows.readers.image_lookup import EmbeddingLookup
from pipeline.saliency.correspondence.components import match_components
from pipeline.saliency.correspondence.interaction import interaction
from pipeline.saliency.correspondence.match import ExplainedMatch, explain_match
from pipeline.similarity.conditions import ConditionMasks, project
from stores.parts import ArraysPart, Part

Pair = Mapping[str, str]
SIDE_AXES = ("pair", "cell_y", "cell_x")
REGION_AXES = ("pair", "component", "cell_y", "cell_x")
VECTOR_AXES = ("pair", "component", "dimension")


def run(inputs: JobInputs) -> JobResult:
    """Return maps of both sides, components, and a row per pair; joint effects as well where they are kept.

    `maps` holds float32 (pair, cell y, cell x) `query` and `reference`, RISE's maps of each image on its cells, and
    `query_joint` and `reference_joint`, see joint_maps. `components` holds the components' regions and what each adds
    to its image's embedding; NaN where a pair has fewer components.
    """
    settings, pairs = inputs.settings, inputs.work["pairs"]
    most, method, cells = settings["components"], settings["split_by"], settings["cells"]
    effects = CellEffectLookup(inputs.upstream, inputs.work["effect_shards"])
    images = EmbeddingLookup(inputs.upstream, inputs.work["embedding_shards"])
    masks = stage_masks(inputs)
    sides = [_match_of(pair, effects, images, masks, most, method) for pair in pairs]
    grids = {
        name: np.stack([getattr(side, name) for side in sides]).reshape(-1, cells, cells).astype(np.float32)
        for name in ("query", "reference", "query_joint", "reference_joint")
    }
    parts: dict[str, Part] = {
        "maps": ArraysPart(grids, dict.fromkeys(grids, SIDE_AXES)),
        "components": _components_part(sides, most, cells),
        "correspondence_rows": inputs.table("correspondence_rows", _rows(pairs, sides, effects, most, method)),
    }
    if settings["keep_interaction"]:
        scaled = np.stack([side.joint_uv / (np.abs(side.joint_uv).max() or 1) for side in sides])
        axes = ("pair", "query_cell", "reference_cell")
        parts["interaction"] = ArraysPart({"interaction": scaled.astype(np.float16)}, {"interaction": axes})
    return JobResult(parts, {"pairs": len(pairs)})


def _match_of(
    pair: Pair,
    effects: CellEffectLookup,
    images: EmbeddingLookup,
    masks: ConditionMasks | None,
    most: int,
    method: str,
) -> ExplainedMatch:
    condition = pair.get("condition") or ""
    query_ud, reference_vd = effects.of(pair["query"], condition), effects.of(pair["reference"], condition)
    embeddings_2d = images.of([pair["query"], pair["reference"]])
    if masks is not None:
        embeddings_2d = project(embeddings_2d, masks.of([condition or None])[0])
    return explain_match(query_ud, reference_vd, embeddings_2d, most, method)


def _components_part(sides: Sequence[ExplainedMatch], most: int, cells: int) -> ArraysPart:
    def padded(values: Sequence[np.ndarray]) -> np.ndarray:
        filled = np.full((len(values), most, *values[0].shape[1:]), np.nan, dtype=np.float32)
        for number, own in enumerate(values):
            filled[number, : len(own)] = own
        return filled

    regions = {
        "query_regions": padded([side.components.query_ku.reshape(-1, cells, cells) for side in sides]),
        "reference_regions": padded([side.components.reference_kv.reshape(-1, cells, cells) for side in sides]),
    }
    vectors = {
        "query_vectors": padded([side.query_vectors_kd for side in sides]),
        "reference_vectors": padded([side.reference_vectors_kd for side in sides]),
    }
    sizes = {
        "joint": padded([side.components.joint_k for side in sides]),
        "share": padded([side.components.share_k for side in sides]),
    }
    axes = {
        **dict.fromkeys(regions, REGION_AXES),
        **dict.fromkeys(vectors, VECTOR_AXES),
        **dict.fromkeys(sizes, ("pair", "component")),
    }
    return ArraysPart({**regions, **vectors, **sizes}, axes)


def _rows(
    pairs: Sequence[Pair], sides: Sequence[ExplainedMatch], effects: CellEffectLookup, most: int, method: str
) -> list[dict[str, Any]]:
    rows = []
    for number, (pair, side) in enumerate(zip(pairs, sides, strict=True)):
        row: dict[str, Any] = {
            **{name: pair[name] for name in ("pair_id", "query", "reference")},
            "row": number,
            "joint": float(side.query_joint.sum()),
            "largest_joint": float(np.abs(side.joint_uv).max()),
            "unrelated": pair["unrelated"],
            "unrelated_joint": None,
        }
        if pair["unrelated"]:
            condition = pair.get("condition") or ""
            other = interaction(effects.of(pair["query"], condition), effects.of(pair["unrelated"], condition))
            largest = match_components(other, most, method).joint_k
            row["unrelated_joint"] = float(largest[0]) if len(largest) else 0.0
        rows.append(row)
    return rows
