"""A user's own similarity model: checked on a few of the dataset's images, and described for the later stages."""

import json
import logging
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.image_lookup import PixelLookup
from flows.user_model.factory import MadeModel
from flows.user_model.loading import as_user_model, load_user_model, make_user_object, read_model_file
from pipeline.saliency.catalogue import GENERATORS, black_box_generators
from pipeline.saliency.gradients.layers import find_layer
from pipeline.saliency.gradients.white_box import require_gradients
from pipeline.similarity.conditions import SMALLEST_NORM, ConditionMasks
from pipeline.similarity.scorer import SimilarityScorer
from pipeline.similarity.user_model.checks import (
    BATCH_TOLERANCE,
    LEAST_DIFFERENCE,
    REPEAT_TOLERANCE,
    ModelFindings,
    check_similarity_model,
)
from pipeline.similarity.user_model.condition_masks import MaskFindings, check_condition_masks
from pipeline.similarity.user_model.model import UserModel
from pipeline.similarity.user_model.program_batches import BatchedProgram
from stores.parts import ArraysPart, FilePart, Part, TensorsPart

LOG = logging.getLogger("sane")
# Not in the description: they leave the vectors as they are, and so embeddings stay when they change.
NOT_DESCRIBED = ("precision", "canvas", "conditions", "gradient_generators", "layers")


def run(inputs: JobInputs) -> JobResult:
    """Return the model's description, the program itself where there is one, and what the checks found."""
    settings, paths, device = inputs.settings, inputs.task.paths, inputs.task.device
    description = {name: value for name, value in settings.items() if name not in NOT_DESCRIBED}
    description |= {"files": inputs.work["files"], "program": inputs.work["program"]}
    program = made = None
    if paths["program"] is not None:
        program = read_model_file(paths["program"], "similarity_model.program")
        model = load_user_model(description, paths, program, device.name)
    else:
        made = make_user_object(description, paths)
        model = as_user_model(made, description, device.name)
    scorer = SimilarityScorer(model, device.name, str(settings["precision"]), device.batch_size)
    sample_nhwc = _sample(inputs)
    findings = check_similarity_model(scorer, sample_nhwc, tuple(settings["canvas"]))
    masks = _masks(inputs, made, findings)
    own_passes = _check_gradients(scorer, settings, sample_nhwc)
    _log_findings(inputs, findings, masks)
    _log_input(inputs, model, sample_nhwc.shape[1])
    metadata = {
        "description": json.dumps(description, sort_keys=True),
        "embedding_dim": str(findings.embedding_dim),
    }
    rows = _rows(findings, masks, scorer.precision)
    parts: dict[str, Part] = {
        "model": TensorsPart({}, metadata),
        "model_checks": inputs.table("model_checks", rows),
        # Not trained here; readers of the history find it empty, as for a weights file.
        "training_history": inputs.table("training_history", []),
    }
    if program is not None:
        parts["program"] = FilePart("program.pt2", program)
    counts = {"images": len(inputs.work["sample"]), "forward_passes": findings.forward_passes + own_passes}
    if masks is not None:
        parts |= _mask_parts(inputs, masks.masks)
        counts |= {"conditions": len(masks.masks.names), "conditions_without_mask": masks.without_mask}
    return JobResult(parts, counts)


def _masks(inputs: JobInputs, made: MadeModel | None, findings: ModelFindings) -> MaskFindings | None:
    if made is None or not inputs.settings.get("conditions"):
        return None
    known: list[str] = inputs.upstream.table("type_pairs", "type_pairs")["condition"].to_pylist()
    return check_condition_masks(made.model, findings.embeddings_nd, known, made.guard)


def _check_gradients(scorer: SimilarityScorer, settings: Mapping[str, Any], sample_nhwc: np.ndarray) -> int:
    """Refuse now what generators that take gradients would refuse once their maps are to be made.

    Returns:
        The images that passed through the network.

    Raises:
        BadModel: the model is a black box.
        BadSetting: it has no layer of the chosen name, or none to be chosen by itself; or a generator cannot explain a
            network that is built like this.
    """
    passes = 0
    for generator in settings.get("gradient_generators", ()):
        require_gradients(scorer, generator, black_box_generators())
    for generator, layer in settings.get("layers", {}).items():
        find_layer(scorer.network, layer, generator)
        declared = GENERATORS[generator]
        if declared.check_passes:
            import_module(declared.module).check_model(declared.spec_from({"layer": layer}), scorer, sample_nhwc)
            passes += declared.check_passes
    return passes


def _sample(inputs: JobInputs) -> np.ndarray:
    shards = inputs.work["sample"]
    images = PixelLookup(inputs.upstream, shards)
    return np.stack([images.of(image_id) for image_id in shards])


def _mask_parts(inputs: JobInputs, masks: ConditionMasks) -> dict[str, Part]:
    """Return what a trained type-aware model has as well: later stages make no difference between the two."""
    rows = [{"position": position, "condition": name} for position, name in enumerate(masks.names)]
    return {
        "condition_masks": ArraysPart({"masks": masks.masks_cd}, {"masks": ("condition", "dimension")}),
        "conditions": inputs.table("conditions", rows),
    }


def _log_findings(inputs: JobInputs, findings: ModelFindings, masks: MaskFindings | None) -> None:
    LOG.info(
        "%s: checked; %d dimensions, %.3g ms an image in a batch of %d on %s",
        inputs.task.stage,
        findings.embedding_dim,
        1000 * findings.seconds / findings.timed_images,
        findings.timed_images,
        inputs.task.device.name,
    )
    if masks is None:
        return
    LOG.info(
        "%s: %d condition masks; %d conditions of the dataset have none and are scored by the general embedding",
        inputs.task.stage,
        len(masks.masks.names),
        masks.without_mask,
    )
    if masks.of_no_condition:
        LOG.warning(
            "%s: %d of %d condition masks have names that no pair of this dataset has, such as %r",
            inputs.task.stage,
            len(masks.of_no_condition),
            len(masks.masks.names),
            masks.of_no_condition[0],
        )


def _log_input(inputs: JobInputs, model: UserModel, image_size_px: int) -> None:
    """Tell what becomes of images on their way into the model and may not be what the user expects."""
    limits = model.embed.limits.describe() if isinstance(model.embed, BatchedProgram) else None
    if limits is not None:
        LOG.info("%s: the program takes %s images at a time; batches are cut or filled up", inputs.task.stage, limits)
    side = model.preprocessing.input_size_px
    if side is not None and side > image_size_px:
        LOG.warning(
            "%s: images of %d px are enlarged to similarity_model.input_size_px = %d, which adds no detail; "
            "dataset.image_size_px = %d would keep what the photographs have",
            inputs.task.stage,
            image_size_px,
            side,
            side,
        )


def _rows(findings: ModelFindings, masks: MaskFindings | None, precision: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"measure": "embedding_dim", "value": findings.embedding_dim},
        {"measure": "repeat_difference", "value": findings.repeat_difference, "limit": REPEAT_TOLERANCE},
        {"measure": "batch_difference", "value": findings.batch_difference, "limit": BATCH_TOLERANCE[precision]},
        {"measure": "largest_distance", "value": findings.largest_distance, "limit": LEAST_DIFFERENCE},
        {
            "measure": "largest_distance_in_dataset",
            "value": findings.largest_distance_in_dataset,
            "limit": LEAST_DIFFERENCE,
        },
        {"measure": "timed_images", "value": findings.timed_images, "seconds": findings.seconds},
    ]
    if masks is not None:
        rows += [
            {"measure": "condition_masks", "value": len(masks.masks.names)},
            {"measure": "conditions_without_mask", "value": masks.without_mask},
            {"measure": "masks_of_no_condition", "value": len(masks.of_no_condition)},
            {"measure": "smallest_norm_under_mask", "value": masks.smallest_norm, "limit": SMALLEST_NORM},
        ]
    return [{"limit": None, "seconds": None, **row, "value": float(row["value"])} for row in rows]
