"""What the training items say of each colour: where edits move to, and how an edit is recognised."""

from collections.abc import Iterator

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.jobs.progress import report_count
from pipeline.evaluation.recolouring.colour_classifier import FEATURES
from pipeline.evaluation.recolouring.labels import editable_colours, labelled_colour
from pipeline.evaluation.recolouring.references import LabelledItem, fit_references
from stores.parts import ArraysPart, Part


def run(inputs: JobInputs) -> JobResult:
    """Return `colours`, `colour_examples`, `classifier` and its quality; all empty where too few items are plain."""
    items = list(_items(inputs))
    fitted = fit_references(items, int(inputs.settings["seed"]), report_count(inputs.task.stage, "items cut out"))
    colours, examples, quality = [], [], []
    coefficients_cf, intercepts_c = np.zeros((0, FEATURES)), np.zeros(0)
    if fitted is not None:
        references, found = fitted
        for colour, centre in references.centres.items():
            colours.append({"colour": colour, **_lab(centre)})
            examples += [
                {
                    "colour": colour,
                    "image_id": one.image_id,
                    **_lab(one.statistics.mean),
                    "spread": one.statistics.spread,
                }
                for one in references.examples[colour]
            ]
        coefficients_cf = references.classifier.coefficients_cf
        intercepts_c = references.classifier.intercepts_c
        quality = [{"items": found.items, "accuracy": found.accuracy, "calibration_error": found.calibration_error}]
    parts: dict[str, Part] = {
        "colours": inputs.table("colours", colours),
        "colour_examples": inputs.table("colour_examples", examples),
        "colour_classifier": inputs.table("colour_classifier", quality),
        "classifier": ArraysPart(
            {"coefficients": coefficients_cf, "intercepts": intercepts_c},
            {"coefficients": ("colour", "feature"), "intercepts": ("colour",)},
        ),
    }
    return JobResult(parts, {"images": len(items), "colours": len(colours), "examples": len(examples)})


def _items(inputs: JobInputs) -> Iterator[LabelledItem]:
    declared = editable_colours(inputs.settings["colours"])
    rows = inputs.upstream.table("images", "images", "train").to_pylist()
    pixels_nhwc = inputs.upstream.arrays("images", "pixels", "pixels", "train")
    for row, pixels_hwc in zip(rows, pixels_nhwc, strict=True):
        colour, _ = labelled_colour(row["label"], row["attributes"], declared)
        if colour is not None:
            yield LabelledItem(row["image_id"], colour, pixels_hwc)


def _lab(lab: np.ndarray | tuple[float, float, float]) -> dict[str, float]:
    return dict(zip(("lightness", "a", "b"), map(float, lab), strict=True))
