"""Embeddings of images under all of RISE's masks: those that another stage keeps, else passed now."""

import numpy as np

from flows.engine.shard_task import JobInputs
from flows.readers.image_lookup import PixelLookup
from flows.readers.kept_embeddings import read_kept_embeddings
from flows.readers.scorer import load_scorer
from pipeline.saliency.perturbed_embeddings import embed_perturbations
from pipeline.saliency.resident_masks import resident
from pipeline.saliency.rise.declaration import RISE
from pipeline.saliency.rise.maps import query_masks


class EmbeddedImages:
    """General embeddings of perturbed images, one image at a time.

    Attributes:
        images: how many were asked for.
        forward_passes: how many perturbed images went through the network.

    Args:
        inputs: of a job whose settings have `spec`, `seed`, `image_size_px` and, where embeddings are kept,
            `perturbed`, and whose work has `image_shards` and `perturbed_shards` by image.
    """

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
