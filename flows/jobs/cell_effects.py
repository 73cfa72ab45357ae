"""Effects of the cells of a group of images, under each condition that they are compared in."""

from itertools import groupby

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.conditions import stage_masks
from flows.readers.embedded_images import EmbeddedImages
from pipeline.saliency.correspondence.cell_effects import CellEffects
from pipeline.saliency.rise.declaration import RISE
from pipeline.similarity.conditions import project
from stores.digests import digest_array
from stores.parts import ArraysPart, Part


def run(inputs: JobInputs) -> JobResult:
    """Return `effects` (row, cell, dimension), float16, and a row per image and condition.

    An image is passed once for all its conditions, and not at all where its perturbed embeddings are kept.
    """
    settings, rows = inputs.settings, inputs.work["rows"]
    spec = RISE.spec_from(settings["spec"], int(settings["seed"]))
    cells = CellEffects(spec, settings["image_size_px"], settings["cells"])
    condition_masks = stage_masks(inputs)
    found: list[np.ndarray] = []
    embedded = EmbeddedImages(inputs)
    for image, own in groupby(rows, key=lambda row: row[0]):
        embeddings_nd = embedded.of(image)
        for _, condition in own:
            compared_nd = embeddings_nd
            if condition_masks is not None:
                compared_nd = project(embeddings_nd, condition_masks.of([condition or None])[0])
            # Half precision: its error is far below that of the draws of the masks.
            found.append(cells.of(compared_nd).astype(np.float16))
    table = [
        {"image_id": image, "condition": condition, "row": row, "effects_sha256": digest_array(found[row])}
        for row, (image, condition) in enumerate(rows)
    ]
    parts: dict[str, Part] = {
        "effects": ArraysPart({"effects": np.stack(found)}, {"effects": ("row", "cell", "dimension")}),
        "cell_effect_rows": inputs.table("cell_effect_rows", table),
    }
    return JobResult(parts, {"images": embedded.images, "forward_passes": embedded.forward_passes})
