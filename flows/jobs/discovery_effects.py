"""What each cell of a group of images adds to its general embedding: passed once, for whatever discovery asks."""

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.image_lookup import PixelLookup
from flows.readers.kept_embeddings import read_kept_embeddings
from flows.readers.scorer import load_scorer
from pipeline.saliency.correspondence.cell_effects import CellEffects
from pipeline.saliency.perturbed_embeddings import embed_perturbations
from pipeline.saliency.resident_masks import resident
from pipeline.saliency.rise.declaration import RISE
from pipeline.saliency.rise.maps import query_masks
from stores.digests import digest_array
from stores.parts import ArraysPart, Part


def run(inputs: JobInputs) -> JobResult:
    """Return `effects` (image, cell, dimension), float16, and a row per image.

    An image whose perturbed embeddings are kept is not passed again.
    """
    settings = inputs.settings
    spec = RISE.spec_from(settings["spec"], int(settings["seed"]))
    cells = CellEffects(spec, settings["image_size_px"], settings["cells"])
    scorer = load_scorer(inputs)
    masks = resident(query_masks(spec, settings["image_size_px"]), scorer.device)
    pixels, kept = PixelLookup(inputs.upstream, inputs.work["image_shards"]), _Kept(inputs)
    found: list[np.ndarray] = []
    passes = 0
    for image in inputs.work["images"]:
        embeddings_nd = kept.of(image)
        if embeddings_nd is None:
            embeddings_nd = embed_perturbations(scorer, pixels.of(image), masks, spec.fill).cpu().numpy()
            passes += len(masks)
        # Half precision: its error is far below that of the draws of the masks.
        found.append(cells.of(embeddings_nd).astype(np.float16))
    table = [
        {"split": settings["split"], "image_id": image, "row": row, "effects_sha256": digest_array(found[row])}
        for row, image in enumerate(inputs.work["images"])
    ]
    parts: dict[str, Part] = {
        "effects": ArraysPart({"effects": np.stack(found)}, {"effects": ("image", "cell", "dimension")}),
        "effect_rows": inputs.table("discovery_effect_rows", table),
    }
    return JobResult(parts, {"images": len(found), "forward_passes": passes})


class _Kept:
    """Perturbed embeddings that another stage keeps; images that follow each other mostly lie in one of its shards."""

    def __init__(self, inputs: JobInputs) -> None:
        self._inputs = inputs
        self._key = ""
        self._shard: dict[str, np.ndarray] = {}

    def of(self, image: str) -> np.ndarray | None:
        """Return float32 unit-norm (mask, D), None where they are not kept."""
        key = self._inputs.work["perturbed_shards"].get(image)
        if key is None:
            return None
        if key != self._key:
            upstream = self._inputs.upstream
            self._key = key
            self._shard = read_kept_embeddings(upstream, upstream.commit_of(self._inputs.settings["perturbed"], key))
        embeddings_nd = self._shard[image].astype(np.float32)
        unit: np.ndarray = embeddings_nd / np.linalg.norm(embeddings_nd, axis=1, keepdims=True)
        return unit
