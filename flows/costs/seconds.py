"""Seconds of a shard: its counts times the calibrated seconds of each, plus what every shard costs anyway."""

from flows.costs.calibration import Calibration
from flows.costs.extents import Extent, query_split
from flows.costs.facts import Facts
from flows.costs.work import ShardWork
from flows.engine.plan import StagePlan
from pipeline.saliency.catalogue import query_perturbations
from pipeline.saliency.declaration import needs_reference_pixels
from stores.artifacts import ArtifactStore

# Stages that run a network, or make the images; for the others only earlier runs tell how long they take.
CALIBRATED_JOBS = frozenset(
    {
        "images",
        "similarity_model",
        "user_model",
        "type_aware_model",
        "embeddings",
        "perturbed_embeddings",
        "saliency_maps",
        "faithfulness",
        "attribute_model",
        "attribute_scores",
        "true_effects",
        "map_localisation",
    }
)
# The first of these stages waits until torch is loaded.
TORCH_JOBS = CALIBRATED_JOBS - {"images", "map_localisation"}


def calibrated_seconds(
    plan: StagePlan, extent: Extent, work: ShardWork, facts: Facts, calibration: Calibration
) -> float:
    """Return the seconds of one shard of a stage in CALIBRATED_JOBS, on one worker."""
    job, seconds = plan.stage.job, calibration
    if job == "images":
        computing = work.images * seconds.image
    elif job == "perturbed_embeddings":
        computing = work.forward_passes * seconds.rise_pass
    elif job == "saliency_maps":
        settings = plan.stage.settings
        masks = query_perturbations(settings["generator"], settings["spec"])
        # Once a shard; and for each query whose reduction to maps is not part of a pass.
        prepared = 1 + (len(extent.references) if "perturbed" in settings else 0)
        computing = work.forward_passes * seconds.rise_pass + prepared * masks * seconds.rise_mask
        of_a_pass = seconds.mask_image if settings["generator"] == "mask" else seconds.layer_query
        computing += work.training_passes * of_a_pass
    elif job == "faithfulness":
        computing = work.forward_passes * seconds.manipulated_image
    elif job == "true_effects":
        computing = work.forward_passes * (seconds.edited_image + seconds.embedded_image)
    elif job == "map_localisation":
        computing = work.images * seconds.edited_image
    elif job in ("similarity_model", "type_aware_model"):
        computing = work.training_passes * seconds.training_image + work.forward_passes * seconds.embedded_image
    elif job == "attribute_model":
        training = work.training_passes * seconds.attribute_training_image
        computing = training + work.forward_passes * seconds.attribute_image
    elif job == "attribute_scores":
        computing = work.forward_passes * seconds.attribute_image
    else:
        computing = work.forward_passes * seconds.embedded_image
    return computing + seconds.shard_written + _parts_read(plan, extent, facts) * seconds.part_read


def earlier_seconds(plan: StagePlan, work_pairs: int | None, store: ArtifactStore) -> float | None:
    """Return the seconds that the stage's latest result took, scaled by pairs where it counted them; None without one.

    Args:
        plan: of a stage that is a single shard.
        work_pairs: pairs that it will go through, None where that is not what it goes through.
        store: with the earlier results.
    """
    latest = store.latest_manifest(plan.stage.name)
    if latest is None:
        return None
    pairs = latest.details.get("counts", {}).get("pairs")
    if pairs and work_pairs is not None:
        return latest.seconds * work_pairs / int(pairs)
    return latest.seconds


def _parts_read(plan: StagePlan, extent: Extent, facts: Facts) -> int:
    """Return how many parts a shard reads that are worth counting."""
    job = plan.stage.job
    if job == "images":
        return 0
    if job == "map_localisation":
        return 1
    if job in ("embeddings", "attribute_scores"):
        return 3
    if job in ("similarity_model", "type_aware_model", "attribute_model"):
        return 2 * len(facts.shard_labels("train", "valid"))
    # Ids and pixels of a shard for every query, ids and embeddings of each shard that holds references.
    shards = len(facts.shard_labels(query_split(plan)))
    references = min(shards, sum(count for _, count in extent.references))
    parts = 2 * len(extent.references) + 2 * references
    if job == "saliency_maps":
        parts += 2 * references * needs_reference_pixels(plan.stage.settings["mode"])
        parts += 2 * ("perturbed" in plan.stage.settings)
    return parts
