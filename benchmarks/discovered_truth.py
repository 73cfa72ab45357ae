"""How well attributes that were found without labels agree with what rendered items are known to have."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score

from pipeline.explanation.answer.naming import NOTHING_NAMED, named_among

# A driver counts as found where the F1 of its best attribute is so much above that of "every image has it".
FOUND_MARGIN = 0.1


@dataclass(frozen=True)
class Vocabulary:
    """Attributes of all images, however they came about.

    Attributes:
        name: for tables.
        train_na: bool (image, attribute).
        test_na: likewise of the test split.
        groups: of each attribute: those of one group (0 or more) exclude each other, -1 for independent ones.
        names: of the attributes.
    """

    name: str
    train_na: np.ndarray
    test_na: np.ndarray
    groups: Sequence[int]
    names: Sequence[str]

    def without(self, attributes: Sequence[str], name: str) -> "Vocabulary":
        """Return the vocabulary less some attributes, under another name."""
        kept = [column for column, one in enumerate(self.names) if one not in attributes]
        groups, names = [self.groups[column] for column in kept], [self.names[column] for column in kept]
        return Vocabulary(name, self.train_na[:, kept], self.test_na[:, kept], groups, names)


@dataclass(frozen=True)
class DriverAgreement:
    """How well a vocabulary knows one driver, on test images.

    Attributes:
        best: column of the attribute that agrees with it best on training images.
        f1: of that attribute with the driver, 0 to 1.
        information: adjusted mutual information of the two, 0 by chance to 1.
        is_found: the F1 is above that of "every image has it" by FOUND_MARGIN.
    """

    best: int
    f1: float
    information: float
    is_found: bool


def driver_agreement(vocabulary: Vocabulary, driver_train_n: np.ndarray, driver_test_n: np.ndarray) -> DriverAgreement:
    """Return how well the vocabulary knows a driver: its attribute is chosen on training images, judged on test images.

    Chosen and judged on the same images, the best of many attributes would look better than it is.

    Args:
        vocabulary: with at least one attribute.
        driver_train_n: bool (image,), which training images have the driver.
        driver_test_n: likewise of the test split.
    """
    best = int(f1_scores(vocabulary.train_na, driver_train_n[:, None])[:, 0].argmax())
    found_n = vocabulary.test_na[:, best]
    f1 = float(f1_scores(found_n[:, None], driver_test_n[:, None])[0, 0])
    every = float(f1_scores(np.ones((len(found_n), 1), bool), driver_test_n[:, None])[0, 0])
    return DriverAgreement(
        best, f1, float(adjusted_mutual_info_score(driver_test_n, found_n)), f1 > every + FOUND_MARGIN
    )


def f1_scores(found_nk: np.ndarray, truth_na: np.ndarray) -> np.ndarray:
    """Return float64 (found attribute, true attribute): F1 of each two, 0 where neither is on any image."""
    both_ka = found_nk.T.astype(np.float64) @ truth_na.astype(np.float64)
    sizes_ka = found_nk.sum(axis=0)[:, None] + truth_na.sum(axis=0)[None, :]
    scores_ka: np.ndarray = np.divide(2 * both_ka, sizes_ka, out=np.zeros_like(both_ka), where=sizes_ka > 0)
    return scores_ka


def set_information(vocabulary: Vocabulary, drivers_na: np.ndarray) -> float:
    """Return the adjusted mutual information of whole sets on test images: what an image has, and which drivers.

    Sets of many attributes are nearly all different, which adjusting for chance takes to 0: it suits vocabularies of
    one attribute an image.
    """
    sets = [np.unique(rows_na, axis=0, return_inverse=True)[1].ravel() for rows_na in (vocabulary.test_na, drivers_na)]
    return float(adjusted_mutual_info_score(*sets))


def meanings(vocabulary: Vocabulary, truth_na: np.ndarray) -> np.ndarray:
    """Return int64 (attribute,): the true one that each agrees with most on training images (ties: the first)."""
    closest: np.ndarray = f1_scores(vocabulary.train_na, truth_na).argmax(axis=1).astype(np.int64)
    return closest


def named_truths(scores_pk: np.ndarray, has_pk: np.ndarray, meaning_k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return int64 (pair,) the attribute with the largest score that the query has, -1 for none, and what it means."""
    named_p = named_among(scores_pk, has_pk)
    return named_p, np.where(named_p == NOTHING_NAMED, NOTHING_NAMED, meaning_k[named_p])


def best_meanings(delta_pa: np.ndarray, has_pk: np.ndarray, meaning_k: np.ndarray) -> np.ndarray:
    """Return int64 (pair,): of what the query's attributes mean, the one with the largest true effect; -1 for none.

    Args:
        delta_pa: (pair, true attribute) effects, NaN where it has none; 0 where the query lacks it.
        has_pk: (pair, attribute) bool, of the vocabulary.
        meaning_k: see meanings.
    """
    effects_pk = np.nan_to_num(delta_pa[:, meaning_k])
    named_p = named_among(effects_pk, has_pk)
    return np.where(named_p == NOTHING_NAMED, NOTHING_NAMED, meaning_k[named_p])
