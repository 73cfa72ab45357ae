"""The explained model: images to unit embeddings, and nothing else (a black box to most generators)."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from pipeline.errors import BadModel
from pipeline.images import normalise_pixels


@dataclass(frozen=True)
class SimilarityScorer:
    """A fixed similarity model on a device; the score of two images is the dot product of their embeddings.

    Attributes:
        network: maps float32 (image, 3, y, x), ImageNet-normalised, to float32 (image, D), not normalised.
        device: "cpu", "cuda", "cuda:1", ...
        precision: "float32", or "bfloat16" to run the network (not the scores) in bfloat16.
        batch_size: images per forward pass; part of what fixes the last bits of a float32 result.
    """

    network: nn.Module
    device: str = "cpu"
    precision: str = "float32"
    batch_size: int = 100

    def embed_tensor(self, images_nchw: torch.Tensor) -> torch.Tensor:
        """Return float32 unit-norm embeddings (image, D) of normalised images, in one forward pass.

        Raises:
            BadModel: the network returns the wrong shape, NaN, infinity or a zero vector.
        """
        return self.embed_batches([images_nchw])

    def embed_batches(self, batches: Iterable[torch.Tensor]) -> torch.Tensor:
        """Return float32 unit-norm embeddings (image, D) of the images of all batches, a forward pass each.

        The values are checked once, at the end: a check is a question to the device, which has to finish its batch to
        answer it, and could have begun with the next.

        Args:
            batches: normalised images (image, 3, y, x), taken one after another, so that memory holds one batch.

        Raises:
            BadModel: see embed_tensor.
        """
        embeddings, norms = [], []
        with torch.inference_mode():
            for images_nchw in batches:
                raw = _vectors(self._run(images_nchw), len(images_nchw))
                norms.append(torch.linalg.vector_norm(raw, dim=1))
                # Now rather than at the end: a model may write its next output where this one lies.
                embeddings.append(functional.normalize(raw, dim=1))
            _check_norms(torch.cat(norms))
            return torch.cat(embeddings)

    def embed(self, pixels_nhwc: np.ndarray) -> np.ndarray:
        """Return float32 unit-norm embeddings (image, D) of uint8 images (image, y, x, 3).

        Raises:
            BadModel: see embed_tensor.
        """
        starts = range(0, len(pixels_nhwc), self.batch_size)
        parts = (pixels_nhwc[start : start + self.batch_size] for start in starts)
        return self.embed_batches(normalise_pixels(part, self.device) for part in parts).cpu().numpy()

    def _run(self, images_nchw: torch.Tensor) -> object:
        if self.precision == "bfloat16":
            with torch.autocast(self.device.split(":")[0], dtype=torch.bfloat16):
                return self.network(images_nchw)
        return self.network(images_nchw)


def unit_vectors(raw: object, n_images: int) -> torch.Tensor:
    """Return float32 unit-norm vectors (image, D) from a network's output.

    Raises:
        BadModel: it has the wrong shape, NaN, infinity or a zero vector.
    """
    vectors_nd = _vectors(raw, n_images)
    _check_norms(torch.linalg.vector_norm(vectors_nd, dim=1))
    return functional.normalize(vectors_nd, dim=1)


def _vectors(raw: object, n_images: int) -> torch.Tensor:
    if not isinstance(raw, torch.Tensor):
        raise _bad_output(f"a {type(raw).__name__}", "type")
    if raw.ndim != 2 or raw.shape[0] != n_images:
        raise _bad_output(f"a tensor of shape {tuple(raw.shape)} for {n_images} images", "shape")
    return raw.float()


def _check_norms(norms_n: torch.Tensor) -> None:
    # One comparison settles NaN, infinity and zero alike.
    fine_n = (norms_n > 1e-12) & (norms_n < torch.inf)
    if not bool(fine_n.all()):
        bad = int((~fine_n).sum())
        raise _bad_output(f"{bad} of {len(norms_n)} embeddings that are NaN, infinite or zero", "values")


def _bad_output(found: str, what: str) -> BadModel:
    return BadModel(
        expected="one finite, non-zero vector per image",
        found=found,
        where=f"the similarity model's output ({what})",
        remedy="check the weights file and the training history: the model cannot be explained as it is",
    )
