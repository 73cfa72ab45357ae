"""The explained model: images to unit embeddings, and nothing else (a black box to most generators)."""

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
        with torch.inference_mode():
            if self.precision == "bfloat16":
                with torch.autocast(self.device.split(":")[0], dtype=torch.bfloat16):
                    raw = self.network(images_nchw)
            else:
                raw = self.network(images_nchw)
            return unit_vectors(raw, images_nchw.shape[0])

    def embed(self, pixels_nhwc: np.ndarray) -> np.ndarray:
        """Return float32 unit-norm embeddings (image, D) of uint8 images (image, y, x, 3).

        Raises:
            BadModel: see embed_tensor.
        """
        embeddings = [
            self.embed_tensor(normalise_pixels(pixels_nhwc[start : start + self.batch_size], self.device))
            for start in range(0, len(pixels_nhwc), self.batch_size)
        ]
        return torch.cat(embeddings).cpu().numpy()


def unit_vectors(raw: object, n_images: int) -> torch.Tensor:
    """Return float32 unit-norm vectors (image, D) from a network's output.

    Raises:
        BadModel: it has the wrong shape, NaN, infinity or a zero vector.
    """
    if not isinstance(raw, torch.Tensor):
        raise _bad_output(f"a {type(raw).__name__}", "type")
    if raw.ndim != 2 or raw.shape[0] != n_images:
        raise _bad_output(f"a tensor of shape {tuple(raw.shape)} for {n_images} images", "shape")
    raw = raw.float()
    norms = torch.linalg.vector_norm(raw, dim=1)
    # One comparison settles NaN, infinity and zero alike.
    if not bool(((norms > 1e-12) & (norms < torch.inf)).all()):
        bad = int((~((norms > 1e-12) & (norms < torch.inf))).sum())
        raise _bad_output(f"{bad} of {len(norms)} embeddings that are NaN, infinite or zero", "values")
    return functional.normalize(raw, dim=1)


def _bad_output(found: str, what: str) -> BadModel:
    return BadModel(
        expected="one finite, non-zero vector per image",
        found=found,
        where=f"the similarity model's output ({what})",
        remedy="check the weights file and the training history: the model cannot be explained as it is",
    )
