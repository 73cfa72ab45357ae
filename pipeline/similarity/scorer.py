"""The explained model: images to unit embeddings, and nothing else (a black box to most generators)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from pipeline.errors import BadModel
from pipeline.images import normalise_pixels


class Replay(Protocol):
    """A forward pass that computes what a scorer's does, faster: see CapturedForward."""

    network: nn.Module
    precision: str

    def __call__(self, images_nchw: torch.Tensor) -> object:
        """Return what the network returns."""


@dataclass(frozen=True)
class SimilarityScorer:
    """A fixed similarity model on a device; the score of two images is the dot product of their embeddings.

    Attributes:
        network: maps float32 (image, 3, y, x), ImageNet-normalised, to float32 (image, D), not normalised.
        device: "cpu", "cuda", "cuda:1", ...
        precision: "float32", or "bfloat16" to run the network (not the scores) in bfloat16.
        batch_size: images per forward pass; part of what fixes the last bits of a float32 result.
        replay: of the same network and precision; None to call the network itself.

    Raises:
        BadModel: the replay is of another network or precision, whose embeddings would be taken for this one's.
    """

    network: nn.Module
    device: str = "cpu"
    precision: str = "float32"
    batch_size: int = 100
    replay: Replay | None = None

    def __post_init__(self) -> None:
        replay = self.replay
        if replay is not None and (replay.network is not self.network or replay.precision != self.precision):
            raise BadModel(
                expected="a recorded pass of the scorer's own network and precision",
                found=f"one in {replay.precision} of {'this' if replay.network is self.network else 'another'} network",
                where="SimilarityScorer",
                remedy="pass replay=None, or record the pass of this scorer",
            )

    def embed_tensor(self, images_nchw: torch.Tensor) -> torch.Tensor:
        """Return float32 unit-norm embeddings (image, D) of normalised images, in one forward pass.

        Raises:
            BadModel: the network returns the wrong shape, NaN, infinity or a zero vector.
        """
        return self.embed_batches([images_nchw])

    def embed_batches(self, batches: Iterable[torch.Tensor]) -> torch.Tensor:
        """Return float32 unit-norm embeddings (image, D) of the images of all batches, a forward pass each.

        Args:
            batches: normalised images (image, 3, y, x), taken one after another, so that memory holds one batch.

        Raises:
            BadModel: see embed_tensor.
        """
        embeddings_nd = self.launch_batches(batches)
        check_embeddings(embeddings_nd)
        return embeddings_nd

    def launch_batches(self, batches: Iterable[torch.Tensor]) -> torch.Tensor:
        """Return what embed_batches does, perhaps before it is computed: its values are for the caller to check.

        A check is a question to the device, which has to finish what it was given to answer it, and could have begun
        with more. A vector that is NaN, infinite or zero becomes NaN, so that nothing made of it can look right.

        Raises:
            BadModel: the network returns the wrong shape.
        """
        embeddings = []
        with torch.inference_mode():
            for images_nchw in batches:
                raw = _vectors(self._run(images_nchw), len(images_nchw))
                norms_n1 = torch.linalg.vector_norm(raw, dim=1, keepdim=True)
                # Now rather than at the end: a model may write its next output where this one lies.
                embeddings.append(functional.normalize(raw, dim=1).masked_fill_(~_is_fine(norms_n1), torch.nan))
            return torch.cat(embeddings)

    def embed(self, pixels_nhwc: np.ndarray) -> np.ndarray:
        """Return float32 unit-norm embeddings (image, D) of uint8 images (image, y, x, 3).

        Raises:
            BadModel: see embed_tensor.
        """
        starts = range(0, len(pixels_nhwc), self.batch_size)
        parts = (pixels_nhwc[start : start + self.batch_size] for start in starts)
        return self.embed_batches(normalise_pixels(part, self.device) for part in parts).cpu().numpy()

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        """Return what the network does, in this precision: (image, D), not normalised, neither cast nor checked."""
        if self.precision == "bfloat16":
            # Without the cache of cast weights, which a recorded pass would outlive.
            with torch.autocast(self.device.split(":")[0], dtype=torch.bfloat16, cache_enabled=False):
                return self.network(images_nchw)  # type: ignore[no-any-return]
        return self.network(images_nchw)  # type: ignore[no-any-return]

    def _run(self, images_nchw: torch.Tensor) -> object:
        return self.forward(images_nchw) if self.replay is None else self.replay(images_nchw)


def unit_vectors(raw: object, n_images: int) -> torch.Tensor:
    """Return float32 unit-norm vectors (image, D) from a network's output.

    Raises:
        BadModel: it has the wrong shape, NaN, infinity or a zero vector.
    """
    vectors_nd = _vectors(raw, n_images)
    _check(_is_fine(torch.linalg.vector_norm(vectors_nd, dim=1)))
    return functional.normalize(vectors_nd, dim=1)


def check_embeddings(embeddings_nd: torch.Tensor) -> None:
    """Refuse embeddings (..., D) that launch_batches made of vectors that are none.

    Raises:
        BadModel: there are some.
    """
    # A norm rather than a coordinate: of no dimensions there is none.
    _check(_is_fine(torch.linalg.vector_norm(embeddings_nd.flatten(0, -2), dim=1)))


def _vectors(raw: object, n_images: int) -> torch.Tensor:
    if not isinstance(raw, torch.Tensor):
        raise _bad_output(f"a {type(raw).__name__}", "type")
    if raw.ndim != 2 or raw.shape[0] != n_images:
        raise _bad_output(f"a tensor of shape {tuple(raw.shape)} for {n_images} images", "shape")
    return raw.float()


def _is_fine(norms: torch.Tensor) -> torch.Tensor:
    # One comparison settles NaN, infinity and zero alike.
    return (norms > 1e-12) & (norms < torch.inf)


def _check(is_fine_n: torch.Tensor) -> None:
    if not bool(is_fine_n.all()):
        bad = int((~is_fine_n).sum())
        raise _bad_output(f"{bad} of {len(is_fine_n)} embeddings that are NaN, infinite or zero", "values")


def _bad_output(found: str, what: str) -> BadModel:
    return BadModel(
        expected="one finite, non-zero vector per image",
        found=found,
        where=f"the similarity model's output ({what})",
        remedy="check the weights file and the training history: the model cannot be explained as it is",
    )
