"""What each cell of a group of images adds to its general embedding: passed once, for whatever discovery asks."""

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.embedded_images import EmbeddedImages
from pipeline.saliency.correspondence.cell_effects import CellEffects
from pipeline.saliency.rise.declaration import RISE
from stores.digests import digest_array
from stores.parts import ArraysPart, Part


def run(inputs: JobInputs) -> JobResult:
    """Return `effects` (image, cell, dimension), float16, and a row per image.

    An image whose perturbed embeddings are kept is not passed again.
    """
    settings = inputs.settings
    spec = RISE.spec_from(settings["spec"], int(settings["seed"]))
    cells = CellEffects(spec, settings["image_size_px"], settings["cells"])
    embedded = EmbeddedImages(inputs)
    # Half precision: its error is far below that of the draws of the masks.
    found = [cells.of(embedded.of(image)).astype(np.float16) for image in inputs.work["images"]]
    table = [
        {"split": settings["split"], "image_id": image, "row": row, "effects_sha256": digest_array(found[row])}
        for row, image in enumerate(inputs.work["images"])
    ]
    parts: dict[str, Part] = {
        "effects": ArraysPart({"effects": np.stack(found)}, {"effects": ("image", "cell", "dimension")}),
        "effect_rows": inputs.table("discovery_effect_rows", table),
    }
    return JobResult(parts, {"images": embedded.images, "forward_passes": embedded.forward_passes})
