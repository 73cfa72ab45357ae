"""The passes a shard makes and the parts it writes, by the job that does it: formulas, no artifact is opened."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from flows.costs.extents import Extent
from flows.costs.facts import Facts
from flows.costs.parts import ArraysSize, PartSize, TableSize, UnknownSize, array_bytes
from flows.costs.user_model import checked_model_parts, passes_of_checks
from flows.costs.work_of_tables import table_parts
from flows.costs.work_of_training import TrainingWork, attribute_training, similarity_training, type_aware_training
from flows.engine.stage import Stage
from pipeline.datasets.planted.edits import measuring_edits
from pipeline.datasets.planted.items import sample_item
from pipeline.datasets.planted.spec import planted_spec
from pipeline.saliency.catalogue import GENERATORS, map_passes, query_perturbations

# Insertion and deletion: 99 steps each between the ends, which are two passes more and shared by all rankings.
PASSES_PER_RANKING = 198
PASSES_OF_ENDS = 2
GRID_CELLS = 4


@dataclass(frozen=True)
class ShardWork:
    """What one shard costs, in countable things.

    Attributes:
        forward_passes: images through the network concerned; in a training, those of validation.
        training_passes: images forward and backward.
        images: images decoded or rendered.
        parts: what is written.
        is_upper_bound: it may be less.
    """

    forward_passes: int = 0
    training_passes: int = 0
    images: int = 0
    parts: tuple[PartSize, ...] = ()
    is_upper_bound: bool = False


def shard_work(stage: Stage, extent: Extent, facts: Facts) -> ShardWork:
    """Return what a shard of this extent costs."""
    by_job: dict[str, Callable[[Stage, Extent, Facts], ShardWork]] = {
        "images": _images,
        "embeddings": _embeddings,
        "attribute_scores": _attribute_scores,
        "perturbed_embeddings": _perturbed_embeddings,
        "saliency_maps": _saliency_maps,
        "faithfulness": _faithfulness,
        "true_effects": _true_effects,
        "map_localisation": _map_localisation,
        "user_model": _user_model,
        "similarity_model": lambda stage, _, facts: _training(similarity_training(stage, facts)),
        "type_aware_model": lambda stage, _, facts: _training(type_aware_training(stage, facts)),
        "attribute_model": lambda stage, _, facts: _training(attribute_training(stage, facts)),
    }
    if stage.job in by_job:
        return by_job[stage.job](stage, extent, facts)
    return ShardWork(parts=table_parts(stage, facts))


def measured_edits(stage: Stage, facts: Facts, query: str) -> tuple[int, int, int]:
    """Return (attributes measured, edits rendered, background edits) of one planted query."""
    item = sample_item(planted_spec(stage.settings["dataset"]), query)
    measured = measuring_edits(item, facts.attribute_names)
    return len(measured), sum(len(edits) for _, _, edits in measured), sum(present for _, present, _ in measured)


def _images(stage: Stage, extent: Extent, facts: Facts) -> ShardWork:
    side, n = stage.settings["image_size_px"], extent.images
    parts = (
        ArraysSize(1, array_bytes(1, n, side, side, 3)),
        TableSize("images", n),
        TableSize("unreadable_images", 0),
    )
    return ShardWork(images=n, parts=parts, is_upper_bound=not facts.images_are_certain)


def _embeddings(_stage: Stage, extent: Extent, facts: Facts) -> ShardWork:
    n = extent.images
    length = facts.embedding_dim
    vectors = UnknownSize() if length is None else ArraysSize(1, array_bytes(4, n, length))
    parts = (vectors, TableSize("image_embeddings", n))
    return ShardWork(forward_passes=n, parts=parts, is_upper_bound=not facts.images_are_certain)


def _user_model(stage: Stage, _extent: Extent, facts: Facts) -> ShardWork:
    # Fewer only where hardly any image can be read.
    return ShardWork(
        passes_of_checks(facts), parts=checked_model_parts(stage), is_upper_bound=not facts.images_are_certain
    )


def _attribute_scores(_stage: Stage, extent: Extent, facts: Facts) -> ShardWork:
    n, n_attributes = extent.images, len(facts.attribute_names)
    values = array_bytes(4, n, n_attributes) + array_bytes(4, n, n_attributes, GRID_CELLS, GRID_CELLS)
    parts = (ArraysSize(2, values), TableSize("attribute_score_rows", n))
    return ShardWork(forward_passes=n, parts=parts, is_upper_bound=not facts.images_are_certain)


def _perturbed_embeddings(stage: Stage, extent: Extent, facts: Facts) -> ShardWork:
    queries, length = len(extent.references), facts.embedding_dim
    each = query_perturbations(stage.settings["generator"], stage.settings["spec"])
    vectors = UnknownSize() if length is None else ArraysSize(1, array_bytes(2, queries, each, length))
    parts = (vectors, TableSize("perturbed_queries", queries))
    return ShardWork(queries * each, parts=parts, is_upper_bound=not facts.images_are_certain)


def _saliency_maps(stage: Stage, extent: Extent, facts: Facts) -> ShardWork:
    counts = [count for _, count in extent.references]
    side, itemsize = stage.settings["map_size_px"], np.dtype(stage.settings["map_dtype"]).itemsize
    maps = ArraysSize(1, array_bytes(itemsize, len(counts), max(counts), side, side))
    settings = stage.settings
    are_kept = "perturbed" in settings
    passes = map_passes(settings["generator"], settings["mode"], settings["spec"], counts, are_kept)
    notes = sum(counts) * GENERATORS[settings["generator"]].notes
    parts = (maps, TableSize("map_rows", sum(counts)), TableSize("map_notes", notes))
    is_bound = passes.is_upper_bound or not facts.images_are_certain
    return ShardWork(passes.forward, passes.gradient, parts=parts, is_upper_bound=is_bound)


def _faithfulness(stage: Stage, extent: Extent, facts: Facts) -> ShardWork:
    counts = [count for _, count in extent.references]
    shared = not GENERATORS[stage.settings["generator"]].knows_the_model
    rankings = len(counts) if shared else sum(counts)
    # Two maps of a query that happen to rank all pixels alike share their passes.
    is_bound = not facts.images_are_certain or rankings > len(counts)
    passes = PASSES_OF_ENDS * len(counts) + PASSES_PER_RANKING * rankings
    return ShardWork(passes, parts=(TableSize("faithfulness", sum(counts)),), is_upper_bound=is_bound)


def _true_effects(stage: Stage, extent: Extent, facts: Facts) -> ShardWork:
    passes, rows, null_rows = 0, 0, 0
    for query, references in extent.references:
        attributes, edits, nulls = measured_edits(stage, facts, query)
        passes += 1 + edits + nulls
        rows += attributes * references
        null_rows += nulls * references
    return ShardWork(
        forward_passes=passes,
        images=passes,
        parts=(TableSize("true_effects", rows), TableSize("null_effects", null_rows)),
    )


def _map_localisation(stage: Stage, extent: Extent, facts: Facts) -> ShardWork:
    spec = planted_spec(stage.settings["dataset"])
    rendered = 0
    for query, references in extent.references:
        measured = measuring_edits(sample_item(spec, query), facts.attribute_names)
        # The query and its edits, for the attribute of each reference that is best: which one is not known yet.
        most_expensive = sorted((1 + len(edits) for _, present, edits in measured if present), reverse=True)
        rendered += sum(most_expensive[:references])
    rows = sum(references for _, references in extent.references)
    return ShardWork(images=rendered, parts=(TableSize("map_localisation", rows),), is_upper_bound=True)


def _training(work: TrainingWork) -> ShardWork:
    return ShardWork(work.forward_passes, work.training_passes, parts=work.parts, is_upper_bound=work.is_upper_bound)
