"""Effects of the cells of a group of images, under each condition that they are compared in."""

from itertools import groupby

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.conditions import stage_masks
from flows.readers.image_lookup import PixelLookup
from flows.readers.kept_embeddings import read_kept_embeddings
from flows.readers.scorer import load_scorer
from pipeline.saliency.correspondence.cell_effects import CellEffects
from pipeline.saliency.perturbed_embeddings import embed_perturbations
from pipeline.saliency.resident_masks import resident
from pipeline.saliency.rise.declaration import RISE
from pipeline.saliency.rise.maps import query_masks
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
    embedded = _Embedded(inputs)
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


class _Embedded:
    """Embeddings of images under all masks: kept ones where there are any, else passed now."""

    def __init__(self, inputs: JobInputs) -> None:
        settings = inputs.settings
        self._inputs = inputs
        spec = RISE.spec_from(settings["spec"], int(settings["seed"]))
        self._fill = spec.fill
        self._scorer = load_scorer(inputs)
        self._masks = resident(query_masks(spec, settings["image_size_px"]), self._scorer.device)
        self._pixels = PixelLookup(inputs.upstream, inputs.work["image_shards"])
        self._kept_key = ""
        self._kept_shard: dict[str, np.ndarray] = {}
        self.images = self.forward_passes = 0

    def of(self, image: str) -> np.ndarray:
        """Return float32 unit-norm (mask, D)."""
        self.images += 1
        shard_key = self._inputs.work["perturbed_shards"].get(image)
        if shard_key is not None:
            return self._kept(image, shard_key)
        self.forward_passes += len(self._masks)
        embeddings_nd = embed_perturbations(self._scorer, self._pixels.of(image), self._masks, self._fill)
        found: np.ndarray = embeddings_nd.cpu().numpy()
        return found

    def _kept(self, image: str, shard_key: str) -> np.ndarray:
        # Images that follow each other mostly lie in one shard of queries; one at a time is held.
        if shard_key != self._kept_key:
            upstream = self._inputs.upstream
            commit = upstream.commit_of(self._inputs.settings["perturbed"], shard_key)
            self._kept_key, self._kept_shard = shard_key, read_kept_embeddings(upstream, commit)
        embeddings_nd = self._kept_shard[image].astype(np.float32)
        unit: np.ndarray = embeddings_nd / np.linalg.norm(embeddings_nd, axis=1, keepdims=True)
        return unit
