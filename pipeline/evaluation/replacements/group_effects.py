"""Matched effects of whole groups of attributes: replacements that lack a group against others that keep it.

What the training labels cannot tell apart is scored together. Must not import torch. Cost: as `attribute_effects`,
with groups in place of attributes.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.replacements.attribute_effects import attribute_effects
from pipeline.evaluation.replacements.attribute_space import attribute_space
from pipeline.evaluation.replacements.pool import ReplacedPairs, ReplacementPool
from pipeline.explanation.attribute_groups import has_group
from pipeline.explanation.separability import Separability


def matched_group_effects(
    pool: ReplacementPool,
    pairs: ReplacedPairs,
    logits_by_predictor: Sequence[npt.NDArray[np.floating]],
    groups: Separability,
    n_replacements: int,
) -> npt.NDArray[np.float64]:
    """Return the matched effect of each group as a drop, float64 (pair, group).

    An image has a group if it has at least half of its members (`has_group`), and lies where the mean of its members'
    standardised logits puts it; those that go with the group's absence count with the other sign. 0 where the query
    lacks the group, NaN where nothing can replace it. Groups of one attribute have that attribute's effect, as long
    as no attribute is the same in all training images (those are in no group, and not in the space of groups).

    Args:
        pool: the images.
        pairs: the pairs.
        logits_by_predictor: (image, attribute) of each predictor that finds replacements.
        groups: of the training labels.
        n_replacements: images in the query's place.

    Raises:
        BadModel, BadDataset, BadSetting: see `attribute_effects` and `attribute_space`.

    Source: this project's; the matched effect of `attribute_effects` over groups.
    """
    of_groups = dataclasses.replace(
        pool, labels_na=has_group(pool.labels_na, groups), has_na=has_group(pool.has_na, groups)
    )
    space = attribute_space([group_logits(logits_na, groups) for logits_na in logits_by_predictor])
    return -attribute_effects(of_groups, pairs, space, n_replacements).matched.effect_pa


def group_logits(logits_na: npt.NDArray[np.floating], groups: Separability) -> npt.NDArray[np.float64]:
    """Return a predictor's logit of each group, float64 (image, group).

    The mean of its members' logits, each standardised and signed; of a group of one the logit as it is.
    """
    logits = np.asarray(logits_na, dtype=np.float64)
    deviation_a = logits.std(axis=0)
    standardised = (logits - logits.mean(axis=0)) / np.where(deviation_a == 0, 1.0, deviation_a) * groups.sign_a
    columns = []
    for group in range(groups.n_groups):
        members = np.flatnonzero(groups.group_a == group)
        columns.append(logits[:, members[0]] if len(members) == 1 else standardised[:, members].mean(axis=1))
    return np.stack(columns, axis=1)
