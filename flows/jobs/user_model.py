"""A user's own similarity model: checked on a few of the dataset's images, and described for the later stages."""

import json
import logging
from typing import Any

import numpy as np

from flows.jobs.image_lookup import PixelLookup
from flows.jobs.user_model_loading import load_user_model, read_model_file
from flows.shards import JobInputs, JobResult
from pipeline.similarity.model_checks import (
    BATCH_TOLERANCE,
    LEAST_DIFFERENCE,
    REPEAT_TOLERANCE,
    ModelFindings,
    check_similarity_model,
)
from pipeline.similarity.scorer import SimilarityScorer
from stores.parts import FilePart, Part, TablePart, TensorsPart
from stores.tables import table_from_rows

LOG = logging.getLogger("sane")
CHECK_ONLY = ("precision", "canvas")


def run(inputs: JobInputs) -> JobResult:
    """Return the model's description, the program itself where there is one, and what the checks found."""
    settings, places, device = inputs.settings, inputs.task.places, inputs.task.device
    program = None
    if places["program"] is not None:
        program = read_model_file(places["program"], "similarity_model.program")
    description = {name: value for name, value in settings.items() if name not in CHECK_ONLY}
    description |= {"files": inputs.work["files"], "program": inputs.work["program"]}
    model = load_user_model(description, places, program, device.name)
    scorer = SimilarityScorer(model, device.name, str(settings["precision"]), device.batch_size)
    findings = check_similarity_model(scorer, _sample(inputs), tuple(settings["canvas"]))
    _tell(inputs, findings)
    metadata = {
        "description": json.dumps(description, sort_keys=True),
        "embedding_dim": str(findings.embedding_dim),
    }
    parts: dict[str, Part] = {
        "model": TensorsPart({}, metadata),
        "model_checks": TablePart("model_checks", table_from_rows("model_checks", _rows(findings, scorer.precision))),
        # Not trained here; readers of the history find it empty, as for a weights file.
        "training_history": TablePart("training_history", table_from_rows("training_history", [])),
    }
    if program is not None:
        parts["program"] = FilePart("program.pt2", program)
    return JobResult(parts, {"images": len(inputs.work["sample"]), "forward_passes": findings.forward_passes})


def _sample(inputs: JobInputs) -> np.ndarray:
    shards = inputs.work["sample"]
    images = PixelLookup(inputs.upstream, shards)
    return np.stack([images.of(image_id) for image_id in shards])


def _tell(inputs: JobInputs, findings: ModelFindings) -> None:
    LOG.info(
        "%s: checked; %d dimensions, %.3g ms an image in a batch of %d on %s",
        inputs.task.stage,
        findings.embedding_dim,
        1000 * findings.seconds / findings.timed_images,
        findings.timed_images,
        inputs.task.device.name,
    )


def _rows(findings: ModelFindings, precision: str) -> list[dict[str, Any]]:
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
    return [{"limit": None, "seconds": None, **row, "value": float(row["value"])} for row in rows]
