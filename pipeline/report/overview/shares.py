"""What the model matches by: attributes' shares of the answers and their mean effects, with clustered intervals."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.bootstrap import (
    ClusterSums,
    Interval,
    Ratio,
    cluster_sums,
    corrected_interval,
    resampled_values,
)
from pipeline.report.how_sure import CONTRADICTED, LEVELS
from pipeline.report.pair_table import PairTable

CONFIDENCE = 0.95
SHOWN_ATTRIBUTES = 12
SHOWN_GROUPS = 40


@dataclass(frozen=True)
class Share:
    """An attribute that answers for few pairs: its name and how many these are."""

    attribute: str
    pairs: int


@dataclass(frozen=True)
class AttributeShare:
    """One attribute among the answers.

    Attributes:
        attribute: its name.
        pairs: that it answers for.
        share: of all pairs.
        effect: mean expected drop of the similarity without it, over the pairs that it answers for.
        similarity: their mean similarity; NaN where unknown.
    """

    attribute: str
    pairs: int
    share: Interval
    effect: Interval
    similarity: float = math.nan


@dataclass(frozen=True)
class GroupShares:
    """What pairs of one class, or of two item types, match by.

    Attributes:
        group: class or types.
        pairs: of the group.
        unanswered: share of them that no attribute explains.
        leading: the attributes that answer for most of them, at most three; shares are of the group's pairs.
    """

    group: str
    pairs: int
    unanswered: Interval
    leading: tuple[AttributeShare, ...]


def attribute_shares(pairs: PairTable, most: int = SHOWN_ATTRIBUTES) -> list[AttributeShare]:
    """Return the attributes that answer for most pairs, the largest share first, equal ones by name."""
    return _shares(pairs, np.arange(len(pairs)), most)


def other_attributes(pairs: PairTable, shown: int = SHOWN_ATTRIBUTES) -> list[Share]:
    """Return the attributes that answer for fewer pairs than the first so many do, the largest share first."""
    counts = Counter(name for name in pairs.attributes if name is not None)
    ordered = sorted(counts, key=lambda name: (-counts[name], name))
    return [Share(name, counts[name]) for name in ordered[shown:]]


def expected_effect(pairs: PairTable) -> Interval:
    """Return the mean expected drop of the similarity over all pairs with an answer; NaN without any."""
    effect_p = pairs.answer_values("effect")
    return _intervals(pairs, [_mean(pairs, np.arange(len(pairs)), effect_p)])[0]


def unanswered_share(pairs: PairTable) -> Interval:
    """Return the share of pairs that no attribute explains."""
    return _intervals(pairs, [_mean(pairs, np.arange(len(pairs)), _is_unanswered(pairs))])[0]


def sure_shares(pairs: PairTable) -> dict[str, Interval]:
    """Return by level of `pipeline.report.how_sure` the share of the answers that name an attribute."""
    named = np.flatnonzero(~_is_unanswered(pairs).astype(bool))
    levels = np.array(["" if one is None else one.level for one in pairs.sure], dtype=object)
    figures = [_mean(pairs, named, (levels == level).astype(np.float64)) for level in LEVELS]
    return dict(zip(LEVELS, _intervals(pairs, figures), strict=True))


def contradicted_share(pairs: PairTable) -> Interval:
    """Return the share of the tested answers that other images in the query's place contradict.

    Of answers that name an attribute, where such images were found and the truth is not measured.
    """
    contradicted_p = np.full(len(pairs), np.nan)
    for row, (sure, known) in enumerate(zip(pairs.sure, pairs.knowledge, strict=True)):
        is_tested = known.replaced is not None and known.replaced.counts is not None
        if pairs.attributes[row] is not None and is_tested and sure is not None and not sure.is_measured:
            contradicted_p[row] = sure.level == CONTRADICTED
    return _intervals(pairs, [_mean(pairs, np.arange(len(pairs)), contradicted_p)])[0]


def group_shares(pairs: PairTable, most: int = SHOWN_GROUPS) -> list[GroupShares]:
    """Return what the groups with most pairs match by, the largest group first; nothing where there is one alone.

    Within a group whose pairs are one cluster there is no interval.
    """
    counts = Counter(pairs.groups)
    if len(counts) < 2:
        return []
    groups = np.array(pairs.groups, dtype=object)
    found = []
    for group, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]:
        rows = np.flatnonzero(groups == group)
        (unanswered,) = _intervals(pairs, [_mean(pairs, rows, _is_unanswered(pairs))])
        found.append(GroupShares(group, count, unanswered, tuple(_shares(pairs, rows, 3))))
    return found


def _shares(pairs: PairTable, rows: npt.NDArray[np.int64], most: int) -> list[AttributeShare]:
    attributes: Sequence[str | None] = [pairs.attributes[row] for row in rows]
    counts = Counter(name for name in attributes if name is not None)
    shown = sorted(counts, key=lambda name: (-counts[name], name))[:most]
    effect_p = pairs.answer_values("effect")
    named_p = np.array(pairs.attributes, dtype=object)
    figures: list[ClusterSums] = []
    for name in shown:
        is_named_p = named_p == name
        figures.append(_mean(pairs, rows, is_named_p.astype(np.float64)))
        figures.append(_mean(pairs, rows, np.where(is_named_p, effect_p, np.nan)))
    ends = _intervals(pairs, figures)
    return [
        AttributeShare(
            name,
            counts[name],
            ends[2 * place],
            ends[2 * place + 1],
            float(pairs.similarity_p[rows][named_p[rows] == name].mean()),
        )
        for place, name in enumerate(shown)
    ]


def _is_unanswered(pairs: PairTable) -> npt.NDArray[np.float64]:
    return np.array([name is None for name in pairs.attributes], dtype=np.float64)


def _mean(pairs: PairTable, rows: npt.NDArray[np.int64], values_p: npt.NDArray[np.float64]) -> ClusterSums:
    ratio = Ratio(values_p[rows], np.ones(len(rows)))
    return cluster_sums((ratio,), pairs.clusters_p[rows])


def _intervals(pairs: PairTable, figures: list[ClusterSums]) -> list[Interval]:
    """Return figures with intervals; those over equally many clusters share their draws."""
    resampled = resampled_values(figures, pairs.resampling.seed, pairs.resampling.samples)
    return [corrected_interval(sums, drawn_s, CONFIDENCE) for sums, drawn_s in zip(figures, resampled, strict=True)]
