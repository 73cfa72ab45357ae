"""A predictor's logits and activation maps for a shard of images."""

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from pipeline.attributes.predictor import predict_attributes, restore_attribute_predictor
from stores.parts import ArraysPart, Part


def run(inputs: JobInputs) -> JobResult:
    """Return float32 logits (image, attribute) and activation maps (image, attribute, y, x)."""
    store = inputs.upstream.store
    model_commit = inputs.upstream.commits(inputs.settings["attribute_model"])[0]
    tensors, metadata = store.read_part_tensors(model_commit, "model")
    n_attributes = int(metadata["attributes"])
    model = restore_attribute_predictor(metadata["backbone"], n_attributes, tensors)
    commit = inputs.upstream.commit_of("images", inputs.work["images_shard"])
    pixels = store.read_part_arrays(commit, "pixels", ["pixels"])["pixels"]
    image_ids = store.read_part_table(commit, "images")["image_id"].to_pylist()
    if len(pixels):
        logits, activations = predict_attributes(model, pixels, inputs.task.device.batch_size, inputs.task.device.name)
    else:
        logits = np.zeros((0, n_attributes), np.float32)
        activations = np.zeros((0, n_attributes, 4, 4), np.float32)
    rows = [{"image_id": image_id, "row": row} for row, image_id in enumerate(image_ids)]
    parts: dict[str, Part] = {
        "scores": ArraysPart(
            {"logits": logits, "activations": activations},
            {"logits": ("image", "attribute"), "activations": ("image", "attribute", "y", "x")},
        ),
        "rows": inputs.table("attribute_score_rows", rows),
    }
    return JobResult(parts, {"images": len(pixels), "forward_passes": len(pixels)})
