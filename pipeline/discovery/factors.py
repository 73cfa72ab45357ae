"""Concepts as non-negative factors of what masks do to embeddings: every cell is a sum of a few of them.

E_u, what cell u of an image adds to its embedding, is a weighted mean of the image's perturbed embeddings. Over the
cells of many images, [max(E, 0), max(-E, 0)] = W H with W and H at least 0: a row of H is a concept, W says how much of
it each cell shows. An image has a concept if the cell that shows most of it shows enough. Beyond the papers; the
factors are scikit-learn's NMF. Must not import torch.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning

from pipeline.errors import BadDataset
from pipeline.randomness import derive_seed

STEPS = 200
# scikit-learn takes seeds of 32 bits.
_SEEDS = 2**32


@dataclass(frozen=True)
class Concepts:
    """Factors fitted to the cells of some images.

    Attributes:
        factors_kf: float64 (concept, 2 D) at least 0; the positive parts of the dimensions, then the negative ones.
        scale: what effects are divided by, so that they are about 1.
        threshold_k: float64 (concept,) strength from which an image has the concept.
    """

    factors_kf: npt.NDArray[np.float64]
    scale: float
    threshold_k: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.factors_kf)

    @property
    def directions_kd(self) -> npt.NDArray[np.float64]:
        """Return float64 (concept, D): what each concept adds to an embedding."""
        half = self.factors_kf.shape[1] // 2
        return self.factors_kf[:, :half] - self.factors_kf[:, half:]

    def activations(self, effects_ud: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Return float64 (cell, concept), at least 0: how much of each concept each cell of an image shows."""
        model = NMF(len(self), init="custom", max_iter=STEPS, random_state=0)
        model.n_components_ = len(self)
        model.components_ = self.factors_kf
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            found_uk: npt.NDArray[np.float64] = model.transform(_signed_parts(effects_ud) / self.scale)
        return found_uk

    def strengths(self, effects_ud: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Return float64 (concept,): the activation of the cell that shows most of each."""
        strength_k: npt.NDArray[np.float64] = self.activations(effects_ud).max(axis=0)
        return strength_k

    def of_image(self, effects_ud: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
        """Return bool (concept,): whether the image has each."""
        has_k: npt.NDArray[np.bool_] = self.strengths(effects_ud) > self.threshold_k
        return has_k


def fit_concepts(effects_iud: Sequence[npt.NDArray[np.floating]], concepts: int, seed: int) -> Concepts:
    """Return the concepts of some images, at most so many; images in the order of their ids.

    Args:
        effects_iud: (cell, D) of each image.
        concepts: how many.
        seed: of the solver's start.

    Raises:
        BadDataset: no image, or masks change no embedding.
    """
    parts_nf = np.concatenate([_signed_parts(effects_ud) for effects_ud in effects_iud]) if effects_iud else None
    if parts_nf is None or not parts_nf.any():
        raise BadDataset(
            expected="images whose embeddings change where they are masked",
            found="none" if parts_nf is None else "effects of 0 everywhere",
            where="the concepts of discovered attributes",
            remedy="check the similarity model, and that the training split has images",
        )
    # Brought to a mean of 1: the solver's own small numbers are absolute.
    scale = float(parts_nf.mean())
    most = min(concepts, *parts_nf.shape)
    start = derive_seed(seed, "concepts of discovery") % _SEEDS
    model = NMF(most, init="nndsvda", max_iter=STEPS, random_state=start)
    with warnings.catch_warnings():
        # More steps change no image's concepts to speak of.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(parts_nf / scale)
    fitted = Concepts(model.components_, scale, np.zeros(most))
    strengths_ik = np.stack([fitted.strengths(effects_ud) for effects_ud in effects_iud])
    return Concepts(model.components_, scale, np.array([two_class_threshold(values_i) for values_i in strengths_ik.T]))


def two_class_threshold(values_n: npt.NDArray[np.floating]) -> float:
    """Return the value that parts these into two groups with the least variance inside (Otsu): low <= it < high.

    Of equal values their own, so that none is above it.
    """
    ordered = np.sort(np.asarray(values_n, dtype=np.float64))
    count = np.arange(1, len(ordered))
    sums = np.cumsum(ordered)
    low_mean, high_mean = sums[:-1] / count, (sums[-1] - sums[:-1]) / (len(ordered) - count)
    between = count * (len(ordered) - count) * (high_mean - low_mean) ** 2
    between[ordered[1:] == ordered[:-1]] = 0
    if not len(between) or between.max() == 0:
        return float(ordered[-1]) if len(ordered) else 0.0
    return float(ordered[int(between.argmax())])


def _signed_parts(effects_ud: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    effects = np.asarray(effects_ud, dtype=np.float64)
    return np.concatenate([np.maximum(effects, 0), np.maximum(-effects, 0)], axis=1)
