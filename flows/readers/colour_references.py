"""What edits of colour need to know, read back from its tables and arrays."""

import numpy as np

from flows.engine.upstream import Upstream
from pipeline.evaluation.recolouring.colour_classifier import ColourClassifier
from pipeline.evaluation.recolouring.recolour import ColourStatistics
from pipeline.evaluation.recolouring.references import ColourExample, ColourReferences

STAGE = "colour_references"


def read_colour_references(upstream: Upstream) -> ColourReferences:
    """Return the references of the training items; they know no colour where too few items are plain."""
    colours = upstream.rows(STAGE, "colours")
    centres = {row["colour"]: np.array([row["lightness"], row["a"], row["b"]]) for row in colours}
    examples: dict[str, list[ColourExample]] = {colour: [] for colour in centres}
    for row in upstream.rows(STAGE, "colour_examples"):
        statistics = ColourStatistics((row["lightness"], row["a"], row["b"]), row["spread"])
        examples[row["colour"]].append(ColourExample(row["image_id"], statistics))
    classifier = ColourClassifier(
        tuple(centres),
        upstream.arrays(STAGE, "classifier", "coefficients"),
        upstream.arrays(STAGE, "classifier", "intercepts"),
    )
    return ColourReferences(centres, examples, classifier)
