"""Images with discovered attributes for labels: pixels and rows as they are, but for what the images have."""

from flows.engine.shard_task import JobInputs, JobResult
from pipeline.discovery.no_label import NO_LABEL
from stores.parts import ArraysPart, Part


def run(inputs: JobInputs) -> JobResult:
    """Return the parts `pixels` and `images` of a shard; an image without a label gets that of the images like it."""
    upstream = inputs.upstream
    commit = upstream.commit_of("unlabelled_images", inputs.work["images_shard"])
    pixels_nhwc = upstream.store.read_part_arrays(commit, "pixels", ["pixels"])["pixels"]
    found = {image_id: (attributes, likeness) for image_id, attributes, likeness in inputs.work["labels"]}
    rows = []
    for row in upstream.store.read_part_table(commit, "images").to_pylist():
        attributes, likeness = found[row["image_id"]]
        label = likeness if row["label"] == NO_LABEL else row["label"]
        rows.append({**row, "attributes": attributes, "label": label})
    parts: dict[str, Part] = {
        "pixels": ArraysPart(
            {"pixels": pixels_nhwc}, {"pixels": ("image", "y", "x", "rgb")}, {"pixels": "sRGB, 0 to 255"}
        ),
        "images": inputs.table("images", rows),
    }
    return JobResult(parts, {"images": len(rows)})
