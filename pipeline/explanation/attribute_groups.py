"""Groups of attributes that labels cannot tell apart: their names, their labels and what removing a whole one does."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadSetting
from pipeline.explanation.embedding_effect import fit_attribute_directions, predicted_effects
from pipeline.explanation.separability import Separability

NAMES_SHOWN: Final = 3
LEAST_SHARE: Final = 0.5


def group_names(attribute_names: Sequence[str], groups: Separability, shown: int = NAMES_SHOWN) -> list[str]:
    """Return a name for each group: its attributes from the most to the least like it, and how many more there are.

    Such as "stripes / black / no furry and 4 more": an attribute that goes with the absence of the group has "no"
    before it. Equally close attributes keep the order of the vocabulary.

    Raises:
        BadSetting: not one name per attribute, or no name is to be shown.
    """
    if len(attribute_names) != len(groups.group_a) or shown < 1:
        raise BadSetting(
            expected=f"a name for each of {len(groups.group_a)} attributes, at least one of a group shown",
            found=f"{len(attribute_names)} names, {shown} shown",
            where="names of attribute groups",
            remedy="pass the vocabulary that the labels belong to",
        )
    names = []
    for group in range(groups.n_groups):
        members = np.flatnonzero(groups.group_a == group)
        members = members[np.argsort(-np.round(groups.correlation_a[members], 9), kind="stable")]
        words = [("" if groups.sign_a[a] > 0 else "no ") + attribute_names[a] for a in members[:shown]]
        more = len(members) - len(words)
        names.append(" / ".join(words) + (f" and {more} more" if more else ""))
    return names


def group_shares(labels_na: npt.NDArray[np.bool_], groups: Separability) -> npt.NDArray[np.float64]:
    """Return the share of each group's members that an image has, (image, group), float64, in [0, 1].

    Of a member that goes with the group's absence, lacking it counts as having it.
    """
    agrees_na = labels_na == (groups.sign_a > 0)
    shares = [agrees_na[:, groups.group_a == group].mean(axis=1) for group in range(groups.n_groups)]
    return np.stack(shares, axis=1) if shares else np.zeros((len(labels_na), 0))


def has_group(labels_na: npt.NDArray[np.bool_], groups: Separability) -> npt.NDArray[np.bool_]:
    """Return whether an image has each group, that is at least half of its members: bool (image, group).

    Half rather than all, so that an image of another class, which combines attributes otherwise, has a group or
    lacks it by the greater part. A group of one attribute is had as the attribute is.
    """
    return np.asarray(group_shares(labels_na, groups) >= LEAST_SHARE)


def group_effects(
    train_embeddings_nd: npt.NDArray[np.floating[Any]],
    train_labels_na: npt.NDArray[np.bool_],
    embeddings_nd: npt.NDArray[np.floating[Any]],
    pairs_p2: npt.NDArray[np.int64],
    groups: Separability,
    factors: Sequence[int],
) -> npt.NDArray[np.float64]:
    """Return the predicted drop of the score when a whole group is removed from the query: (pair, group), float64.

    Directions are fitted on the groups' shares, which the labels can tell apart, and the query is moved from having
    all members to having none. A group of one value of a factor is replaced by the factor's other values, as in
    `removal_shifts`, as long as these are groups of their own.

    Args:
        train_embeddings_nd: (image, dimension) of the images that the groups were found on.
        train_labels_na: their labels.
        embeddings_nd: (image, dimension) of the pairs' images.
        pairs_p2: rows of query and reference.
        groups: of the training labels.
        factors: of the attributes, -1 for independent ones.

    Raises:
        BadModel, BadSetting: see `fit_attribute_directions` and `predicted_effects`.
    """
    directions = fit_attribute_directions(train_embeddings_nd, group_shares(train_labels_na, groups))
    factor_of_group = [_factor(groups.group_a, np.asarray(factors), group) for group in range(groups.n_groups)]
    return predicted_effects(embeddings_nd, pairs_p2[:, 0], pairs_p2[:, 1], directions.directions_ad, factor_of_group)


def _factor(group_a: npt.NDArray[np.int64], factors_a: npt.NDArray[np.int64], group: int) -> int:
    """Return the factor of a group's only attribute; -1 where there are more."""
    members = np.flatnonzero(group_a == group)
    return int(factors_a[members[0]]) if len(members) == 1 else -1
