"""What the training items say of each colour: where edits move to, and how an edit is recognised."""

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.jobs.progress import report_count
from flows.readers.image_lookup import PixelLookup
from pipeline.evaluation.recolouring.colour_classifier import FEATURES
from pipeline.evaluation.recolouring.labels import editable_colours, labelled_colour
from pipeline.evaluation.recolouring.references import LabelledItem, fit_references
from pipeline.randomness import derive_seed
from stores.parts import ArraysPart, Part

# Far more than statistics of a colour need; bounds time and memory on catalogues of any size.
MOST_ITEMS_OF_A_COLOUR = 1000


def run(inputs: JobInputs) -> JobResult:
    """Return `colours`, `colour_examples`, `classifier` and its quality; all empty where too few items are plain."""
    items = _items(inputs)
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


def _items(inputs: JobInputs) -> list[LabelledItem]:
    """Return the training items of one labelled colour, of each colour at most so many, drawn by the seed."""
    declared, seed = editable_colours(inputs.settings["colours"]), int(inputs.settings["seed"])
    by_colour: dict[str, list[str]] = {}
    for row in inputs.upstream.table("images", "images", "train").to_pylist():
        colour, _ = labelled_colour(row["label"], row["attributes"], declared)
        if colour is not None:
            by_colour.setdefault(colour, []).append(row["image_id"])
    images = PixelLookup(inputs.upstream, inputs.upstream.shard_of_rows("images", "images", "image_id", "train"))
    chosen: dict[str, str] = {}
    for colour, ids in by_colour.items():
        drawn = sorted(ids, key=lambda image_id: derive_seed(seed, image_id, "colour reference"))
        chosen |= dict.fromkeys(drawn[:MOST_ITEMS_OF_A_COLOUR], colour)
    # By id, as shards lie, so that each is read once.
    return [LabelledItem(image_id, chosen[image_id], images.of(image_id)) for image_id in sorted(chosen)]


def _lab(lab: np.ndarray | tuple[float, float, float]) -> dict[str, float]:
    return dict(zip(("lightness", "a", "b"), map(float, lab), strict=True))
