"""Directions fitted again: on reweighted training images (how sure is an effect?) and on exchanged labels (is it one?).

Where labels are class-level, all images of a class say the same thing about attributes: the classes are the sample,
so they are reweighted and exchanged whole. Must not import torch. Cost: one `pair_effects` each.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from pipeline.explanation.effects_by_condition import LabelledEmbeddings
from pipeline.explanation.neighbour_effects import labels_are_of_classes
from pipeline.explanation.pair_effects import EmbeddedPairs, pair_effects
from pipeline.randomness import keyed_rng


def independent_units(train: LabelledEmbeddings) -> npt.NDArray[np.int64]:
    """Return (image,) int64: the class of each image where every class has one set of attributes, else the image."""
    names_n = np.asarray(train.types_n, dtype=str)
    if labels_are_of_classes(train.labels_na, names_n):
        return np.unique(names_n, return_inverse=True)[1].astype(np.int64)
    return np.arange(len(names_n), dtype=np.int64)


def reweighted_effects(
    train: LabelledEmbeddings, pairs: EmbeddedPairs, seed: int, draws: int
) -> Iterator[npt.NDArray[np.float64]]:
    """Yield effects (pair, attribute) with directions refitted on training units of random weight.

    Weights are exponential, a Bayesian bootstrap: no unit drops out, so that no attribute does, and none is counted
    twice, which would deceive the leave-one-out choice of the ridge penalty.

    Raises:
        BadModel, BadSetting: see `pair_effects`.
    """
    units_n = independent_units(train)
    for draw in range(draws):
        weights_u = keyed_rng(seed, "training weights", draw).exponential(size=int(units_n.max()) + 1)
        # 1e-6: a weight of nothing would leave a class without any image.
        yield pair_effects(dataclasses.replace(train, weights_n=np.maximum(weights_u, 1e-6)[units_n]), pairs)


def exchanged_effects(
    train: LabelledEmbeddings, pairs: EmbeddedPairs, seed: int, draws: int
) -> Iterator[npt.NDArray[np.float64]]:
    """Yield effects (pair, attribute) with directions refitted after attributes changed hands between training units.

    What remains is what attributes would explain by chance. Images exchange within their type, so that what a type
    shares stays; classes exchange with each other.

    Raises:
        BadModel, BadSetting: see `pair_effects`.
    """
    units_n = independent_units(train)
    by_class = len(np.unique(units_n)) < len(units_n)
    for draw in range(draws):
        rng = keyed_rng(seed, "exchanged labels", draw)
        rows_n = _class_rows(units_n, rng) if by_class else _rows_within_types(train.types_n, rng)
        yield pair_effects(dataclasses.replace(train, labels_na=train.labels_na[rows_n]), pairs)


def _class_rows(units_n: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return for each image a row of the class whose attributes its own class is given."""
    first_row_u = np.unique(units_n, return_index=True)[1]
    return np.asarray(first_row_u[rng.permutation(len(first_row_u))][units_n], dtype=np.int64)


def _rows_within_types(types_n: object, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return a permutation of the images that keeps each in its type."""
    codes_n = np.unique(np.asarray(types_n, dtype=str), return_inverse=True)[1]
    rows_n = np.arange(len(codes_n), dtype=np.int64)
    for code in range(int(codes_n.max()) + 1):
        members = np.flatnonzero(codes_n == code)
        rows_n[members] = members[rng.permutation(len(members))]
    return rows_n
