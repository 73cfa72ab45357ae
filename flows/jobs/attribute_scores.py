"""A predictor's logits and activation maps for a shard of images."""

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.attribute_model import read_attribute_model
from pipeline.attributes.predictor import predict_attributes
from stores.parts import ArraysPart, Part


def run(inputs: JobInputs) -> JobResult:
    """Return float32 logits (image, attribute) and, where the model has maps, activations (image, attribute, y, x)."""
    store, device = inputs.upstream.store, inputs.task.device
    model = read_attribute_model(inputs.upstream, inputs.settings["attribute_model"])
    commit = inputs.upstream.commit_of("images", inputs.work["images_shard"])
    pixels = store.read_part_arrays(commit, "pixels", ["pixels"])["pixels"]
    image_ids = store.read_part_table(commit, "images")["image_id"].to_pylist()
    logits, activations = predict_attributes(model, pixels, device.batch_size, device.name)
    arrays: dict[str, np.ndarray] = {"logits": logits}
    axes: dict[str, tuple[str, ...]] = {"logits": ("image", "attribute")}
    if activations is not None:
        arrays["activations"], axes["activations"] = activations, ("image", "attribute", "y", "x")
    rows = [{"image_id": image_id, "row": row} for row, image_id in enumerate(image_ids)]
    parts: dict[str, Part] = {
        "scores": ArraysPart(arrays, axes),
        "rows": inputs.table("attribute_score_rows", rows),
    }
    return JobResult(parts, {"images": len(pixels), "forward_passes": len(pixels)})
