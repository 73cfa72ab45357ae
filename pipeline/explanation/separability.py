"""Which attributes the training labels can tell apart, and groups of those that they cannot.

Labels of few classes span few dimensions: no method can say which of two attributes that always go together matters
to a model. Must not import torch. Cost: at most one eigenvalue problem of the attributes for each that is merged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadSetting

# From here on a matrix of scaled columns is called collinear (Belsley, Kuh & Welsch 1980, Regression Diagnostics, 3.2).
CONDITION_LIMIT: Final = 30.0
CORRELATION_LIMIT: Final = 0.95
CONSTANT: Final = -1
# Dependencies of whole numbers come out at 1e-14 of the largest eigenvalue; those of labels that can be told apart
# lie far above this.
_RANK_TOLERANCE = 1e-10
_TIE_DECIMALS = 9
# A group takes part in a dependency if its share in it is at least this much of the largest one.
_LEAST_PART = 0.1


@dataclass(frozen=True)
class Separability:
    """What the labels of some images say about attributes, and what they leave open.

    Attributes:
        group_a: int64 (attribute,), group of each attribute, numbered from 0 in the order of their first attributes;
            -1 for attributes that all images have, or none.
        sign_a: int64 (attribute,), 1, or -1 where the attribute goes with the absence of its group; the attribute that
            is most like the group's mean has 1.
        correlation_a: float64 (attribute,), with its group's mean, at least 0 after the sign; NaN for constant ones.
        rank: dimensions that the centred labels span.
        condition: largest singular value of the centred labels, each of length 1, over the least; inf where they
            are dependent. Values of one factor count as far as they can be told from each other.
        group_condition: the same of the groups' means.
    """

    group_a: npt.NDArray[np.int64]
    sign_a: npt.NDArray[np.int64]
    correlation_a: npt.NDArray[np.float64]
    rank: int
    condition: float
    group_condition: float

    @property
    def n_groups(self) -> int:
        """Groups, those of a single attribute included."""
        return int(self.group_a.max(initial=-1)) + 1


def separability(
    labels_na: npt.NDArray[np.bool_],
    factors: Sequence[int],
    correlation_limit: float = CORRELATION_LIMIT,
    condition_limit: float = CONDITION_LIMIT,
) -> Separability:
    """Return groups of attributes whose means the labels can tell apart.

    Every attribute begins as a group of its own. The two groups with the largest absolute correlation of their means
    are merged while that is at least `correlation_limit`, whatever its sign; then, while the condition number of the
    groups' means is above `condition_limit`, the most correlated two of those groups that take part in the
    near-dependency. Attributes that can be told apart from all others therefore stay alone.

    Args:
        labels_na: bool (image, attribute); rows of classes instead of images weigh all classes alike.
        factors: one integer per attribute; those that share a non-negative one exclude each other. One of them
            always follows from the others, which is no ambiguity as long as only differences between the values of a
            factor are asked for, so this dependency is left out of account.
        correlation_limit: in (0, 1].
        condition_limit: above 1.

    Raises:
        BadSetting: no image, not one factor per attribute, or a limit out of range.

    Source: condition of scaled columns after Belsley, Kuh & Welsch 1980, chapter 3. Departure from it: columns are
    centred, because the regression of embeddings on attributes centres them, too.
    """
    _check(labels_na, factors, correlation_limit, condition_limit)
    varying = np.flatnonzero(labels_na.any(axis=0) & ~labels_na.all(axis=0))
    centred_nv = labels_na[:, varying] - labels_na[:, varying].mean(axis=0)
    covariance_vv = centred_nv.T @ centred_nv
    contrasts_vf = _factor_sums(np.asarray(factors)[varying])
    membership_vg = _merged(covariance_vv, contrasts_vf, correlation_limit, condition_limit)
    group_a = np.full(labels_na.shape[1], CONSTANT, dtype=np.int64)
    sign_a = np.ones(labels_na.shape[1], dtype=np.int64)
    correlation_a = np.full(labels_na.shape[1], np.nan)
    group_a[varying] = np.abs(membership_vg).argmax(axis=1) if len(varying) else CONSTANT
    sign_a[varying], correlation_a[varying] = _towards_means(covariance_vv, membership_vg)
    eigenvalues_v = np.linalg.eigvalsh(_correlation(covariance_vv, np.eye(len(varying))))
    return Separability(
        group_a,
        sign_a,
        correlation_a,
        rank=int((eigenvalues_v > _RANK_TOLERANCE * eigenvalues_v.max(initial=1.0)).sum()),
        condition=_condition(_eigen(covariance_vv, contrasts_vf, np.eye(len(varying)))[0]),
        group_condition=_condition(_eigen(covariance_vv, contrasts_vf, membership_vg)[0]),
    )


def _merged(
    covariance_vv: npt.NDArray[np.float64],
    contrasts_vf: npt.NDArray[np.float64],
    correlation_limit: float,
    condition_limit: float,
) -> npt.NDArray[np.float64]:
    """Return which attribute belongs to which group, (attribute, group): 1, -1 or 0."""
    membership_vg = np.eye(len(covariance_vv))
    while membership_vg.shape[1] > 1:
        correlation_gg = _correlation(covariance_vv, membership_vg)
        np.fill_diagonal(correlation_gg, 0.0)
        involved = np.arange(len(correlation_gg))
        # rounding puts equal columns a little below 1
        if np.abs(correlation_gg).max() < correlation_limit - _RANK_TOLERANCE:
            eigenvalues_g, vectors_gg = _eigen(covariance_vv, contrasts_vf, membership_vg)
            if _condition(eigenvalues_g) <= condition_limit:
                break
            dependent = eigenvalues_g < eigenvalues_g[-1] / condition_limit**2
            involved = _involved((vectors_gg[:, dependent] ** 2).sum(axis=1))
        # rounded, so that ties go to the first two whatever the order of summation
        among = np.round(np.abs(correlation_gg[np.ix_(involved, involved)]), _TIE_DECIMALS)
        first, second = np.sort(involved[list(np.unravel_index(among.argmax(), among.shape))])
        sign = -1.0 if correlation_gg[first, second] < 0 else 1.0
        membership_vg[:, first] += sign * membership_vg[:, second]
        membership_vg = np.delete(membership_vg, second, axis=1)
    return membership_vg


def _involved(part_g: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the groups that take part in dependencies, at least two."""
    least = min(_LEAST_PART * part_g.max(), np.sort(part_g)[-2])
    return np.flatnonzero(part_g >= least)


def _correlation(
    covariance_vv: npt.NDArray[np.float64], membership_vg: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the correlations of the groups' means, (group, group)."""
    covariance_gg = membership_vg.T @ covariance_vv @ membership_vg
    length_g = np.sqrt(np.diag(covariance_gg))
    return np.asarray(covariance_gg / np.outer(length_g, length_g), dtype=np.float64)


def _factor_sums(factors_v: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the sum of each factor's values, (attribute, factor): 1 for its values, else 0."""
    numbers, counts = np.unique(factors_v[factors_v >= 0], return_counts=True)
    return np.asarray(factors_v[:, None] == numbers[counts > 1], dtype=np.float64)


def _eigen(
    covariance_vv: npt.NDArray[np.float64],
    contrasts_vf: npt.NDArray[np.float64],
    membership_vg: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return eigenvalues, rising, and eigenvectors of the groups' correlations with the sums of factors fixed.

    The sum of a factor's coefficients is fixed by one more row of the matrix; only for factors whose values are all
    groups of their own, as a merged value has no coefficient any more.
    """
    correlation_gg = _correlation(covariance_vv, membership_vg)
    alone_g = np.abs(membership_vg).sum(axis=0) == 1
    length_g = np.sqrt(np.diag(membership_vg.T @ covariance_vv @ membership_vg))
    for contrast_v in contrasts_vf.T:
        groups_g = np.abs(membership_vg.T) @ contrast_v > 0
        if alone_g[groups_g].all():
            # in units of columns of length 1
            row_g = groups_g * length_g / np.linalg.norm(length_g[groups_g])
            correlation_gg = correlation_gg + np.outer(row_g, row_g)
    values_g, vectors_gg = np.linalg.eigh(correlation_gg)
    return values_g, vectors_gg


def _condition(eigenvalues_g: npt.NDArray[np.float64]) -> float:
    """Return the condition number of a matrix from the eigenvalues of its product with itself, rising; 1 for none."""
    if eigenvalues_g.size == 0:
        return 1.0
    least, largest = float(eigenvalues_g[0]), float(eigenvalues_g[-1])
    return float("inf") if least <= _RANK_TOLERANCE * largest else float(np.sqrt(largest / least))


def _towards_means(
    covariance_vv: npt.NDArray[np.float64], membership_vg: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return each attribute's sign and correlation with its group's mean, both (attribute,)."""
    lengths_vg = np.outer(
        np.sqrt(np.diag(covariance_vv)), np.sqrt(np.diag(membership_vg.T @ covariance_vv @ membership_vg))
    )
    correlation_v = ((covariance_vv @ membership_vg) / lengths_vg * np.abs(membership_vg)).sum(axis=1)
    sign_v = np.where(correlation_v < 0, -1, 1)
    for members_v in (membership_vg != 0).T:
        # ties within rounding go to the first attribute
        rounded_v = np.where(members_v, np.round(np.abs(correlation_v), _TIE_DECIMALS), -1.0)
        sign_v[members_v] *= sign_v[int(rounded_v.argmax())]
    return sign_v, np.abs(correlation_v)


def _check(
    labels_na: npt.NDArray[Any], factors: Sequence[int], correlation_limit: float, condition_limit: float
) -> None:
    in_range = 0 < correlation_limit <= 1 and condition_limit > 1
    if labels_na.ndim != 2 or len(labels_na) == 0 or len(factors) != labels_na.shape[1] or not in_range:
        raise BadSetting(
            expected="labels (n, a) of at least one image, a factor per attribute, limits in (0, 1] and above 1",
            found=f"labels {labels_na.shape}, {len(factors)} factors, limits {correlation_limit} and {condition_limit}",
            where="groups of attributes",
            remedy="pass the training labels with the vocabulary's factors, and limits such as 0.95 and 30",
        )
