"""Conditions of a type-aware model: masks over one general embedding, applied after all passes.

f_c(I) = mask_c * f(I), made unit norm over its dimensions. Scaling f changes nothing, so the unit-norm general
embedding that every stage keeps serves all conditions, and no pass through the network is made for any of them.
Imports no torch; arrays may be numpy's or torch's where the signature says `Array`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from pipeline.errors import BadModel

if TYPE_CHECKING:
    import torch

Array = TypeVar("Array", np.ndarray, "torch.Tensor")

SMALLEST_NORM = 1e-12


@dataclass(frozen=True)
class ConditionMasks:
    """One mask per condition.

    Attributes:
        names: of the conditions, such as "bags|shoes".
        masks_cd: float32 (condition, D), not negative.
    """

    names: tuple[str, ...]
    masks_cd: np.ndarray

    def of(self, conditions: Sequence[str | None]) -> np.ndarray:
        """Return the mask of each pair's condition, float32 (pair, D).

        A pair without a condition, or with one that training never saw, is scored by the general embedding: all ones.
        """
        row = {name: number for number, name in enumerate(self.names)}
        general = len(self.names)
        rows_p = np.array([general if name is None else row.get(name, general) for name in conditions], dtype=np.int64)
        ones = np.ones((1, self.masks_cd.shape[1]), dtype=np.float32)
        masks: np.ndarray = np.concatenate([self.masks_cd, ones])[rows_p]
        return masks

    def unseen(self, conditions: Sequence[str | None]) -> int:
        """Return how many of these pairs have no mask."""
        known = set(self.names)
        return sum(name not in known for name in conditions)


def project(embeddings_nd: np.ndarray, masks_nd: np.ndarray) -> np.ndarray:
    """Return mask * embedding, unit norm over D: (image, D) of the embeddings' dtype.

    Args:
        embeddings_nd: (image, D) general embeddings, of any norm but 0.
        masks_nd: (image, D), or (D,) for one condition.

    Raises:
        BadModel: a projection is NaN or zero.
    """
    projected = embeddings_nd.astype(np.float64) * masks_nd
    norms_n = np.linalg.norm(projected, axis=1, keepdims=True)
    check_norms(norms_n)
    unit: np.ndarray = (projected / norms_n).astype(embeddings_nd.dtype)
    return unit


def conditioned_cosines(embeddings_nd: Array, references_kd: Array, masks_kd: Array) -> Array:
    """Return the cosine of each embedding, under each reference's condition, with that reference: (image, reference).

    cos = (f * mask) . r / |f * mask|, so two matrix products serve all conditions at once.

    Args:
        embeddings_nd: (image, D) general embeddings.
        references_kd: (reference, D) projected, unit norm.
        masks_kd: (reference, D) mask of each reference's condition.

    Raises:
        BadModel: a projection is NaN or zero.
    """
    norms_nk = projected_norms(embeddings_nd, masks_kd)
    check_norms(norms_nk)
    return projected_products(embeddings_nd, references_kd, masks_kd) / norms_nk  # type: ignore[no-any-return]


def projected_norms(embeddings_nd: Array, masks_kd: Array) -> Array:
    """Return the norm of each embedding under each reference's condition: (image, reference)."""
    return (embeddings_nd**2 @ (masks_kd**2).T) ** 0.5  # type: ignore[no-any-return]


def projected_products(embeddings_nd: Array, references_kd: Array, masks_kd: Array) -> Array:
    """Return what conditioned_cosines does, not yet divided by the norms: (image, reference)."""
    return embeddings_nd @ (masks_kd * references_kd).T  # type: ignore[no-any-return]


def check_norms(norms: Array) -> None:
    """Refuse projections that no cosine can take.

    Raises:
        BadModel: a norm is NaN or zero.
    """
    fine = norms > SMALLEST_NORM
    if not bool(fine.all()):
        raise BadModel(
            expected="projected embeddings that are finite and not zero",
            found=f"{int((~fine).sum())} of {int(np.prod(norms.shape))} that are not",
            where="the similarity model's condition masks",
            remedy="lower similarity_model.mask_weight, or give your own model's masks fewer zeros: a mask of zeros "
            "compares nothing",
        )
