"""The smallest set of a query's attributes that accounts for a chosen share of the joint effect of all of them.

Exactly, by trying every set of few candidates; greedily for any number. Must not import torch. Cost: 2^n sets of n
candidates for each pair, at most 4,096; greedily one pass over the attributes for each member of the largest set.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadSetting
from pipeline.explanation.answer.joint_removal import RemovalGeometry

MOST_ENUMERATED: Final = 12
NO_SET: Final = -1
# Sums in another order miss a share by rounding alone.
_ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class AttributeSets:
    """A set for each pair; empty where removing all candidates is not predicted to lower the score.

    Attributes:
        sets_pa: bool (pair, attribute), the smallest set that was found.
        effect_p: (pair,) float64, predicted drop without the set; NaN where it is empty.
        total_p: (pair,) float64, predicted drop without all candidates; 0 where there are none.
        is_exact_p: bool (pair,), every set was tried; else the set is the greedy one.
        greedy_pa: bool (pair, attribute), the set that is found by adding the attribute that lowers the score most.
        greedy_effect_p: (pair,) float64, like `effect_p`.
        single_pa: (pair, attribute) float64, predicted drop without each attribute alone.
    """

    sets_pa: npt.NDArray[np.bool_]
    effect_p: npt.NDArray[np.float64]
    total_p: npt.NDArray[np.float64]
    is_exact_p: npt.NDArray[np.bool_]
    greedy_pa: npt.NDArray[np.bool_]
    greedy_effect_p: npt.NDArray[np.float64]
    single_pa: npt.NDArray[np.float64]


def smallest_sets(
    geometries: Iterable[RemovalGeometry], candidates_pa: npt.NDArray[np.bool_], share: float
) -> AttributeSets:
    """Return for each pair the smallest set of candidates whose predicted joint effect reaches a share of all's.

    Of several sets of that size the one with the largest effect; ties go to the first in the vocabulary's order. With
    more than 12 candidates the greedy set stands, which may be larger than need be.

    Args:
        geometries: every pair once.
        candidates_pa: bool (pair, attribute), what is removed together.
        share: of the joint effect of all candidates, in (0, 1].

    Raises:
        BadSetting: the share is not in (0, 1].

    Source: this project's own.
    """
    if not 0 < share <= 1:
        raise BadSetting(
            expected="a share above 0 and at most 1",
            found=str(share),
            where="explanation.set_share",
            remedy="use a number such as 0.8",
        )
    n_pairs = len(candidates_pa)
    sets_pa, greedy_pa = np.zeros_like(candidates_pa), np.zeros_like(candidates_pa)
    effect_p, greedy_effect_p, total_p = np.full(n_pairs, np.nan), np.full(n_pairs, np.nan), np.zeros(n_pairs)
    single_pa = np.zeros(candidates_pa.shape)
    is_exact_p = np.zeros(n_pairs, dtype=np.bool_)
    for geometry in geometries:
        rows = geometry.pairs_b
        single_pa[rows] = geometry.effects_with_one_more(np.zeros_like(candidates_pa[rows]))
        total_p[rows] = geometry.effects(candidates_pa[rows])
        greedy_ba = greedy_sets(geometry, candidates_pa[rows], total_p[rows], share)
        greedy_pa[rows] = sets_pa[rows] = greedy_ba
        greedy_effect_p[rows] = np.where(greedy_ba.any(axis=1), geometry.effects(greedy_ba), np.nan)
        effect_p[rows] = greedy_effect_p[rows]
        for place, row in enumerate(rows):
            if total_p[row] > 0 and 0 < candidates_pa[row].sum() <= MOST_ENUMERATED:
                sets_pa[row], effect_p[row] = _exact_set(geometry, place, candidates_pa[row], share * total_p[row])
                is_exact_p[row] = True
    return AttributeSets(sets_pa, effect_p, total_p, is_exact_p, greedy_pa, greedy_effect_p, single_pa)


def _exact_set(
    geometry: RemovalGeometry, place: int, candidates_a: npt.NDArray[np.bool_], needed: float
) -> tuple[npt.NDArray[np.bool_], float]:
    """Return the smallest set of one pair that reaches a drop, bool (attribute,), and its predicted drop."""
    members = np.flatnonzero(candidates_a)
    choices_sn = all_sets(len(members))
    choices_sa = np.zeros((len(choices_sn), len(candidates_a)), dtype=np.bool_)
    choices_sa[:, members] = choices_sn
    effects_s = geometry.effects_of_pair(place, choices_sa)
    best = smallest_reaching(choices_sn.sum(axis=1), effects_s, needed)
    return choices_sa[best], float(effects_s[best])


def greedy_sets(
    geometry: RemovalGeometry, candidates_ba: npt.NDArray[np.bool_], total_b: npt.NDArray[np.float64], share: float
) -> npt.NDArray[np.bool_]:
    """Return (pair, attribute) the sets found by adding the attribute that lowers the score most, until they reach.

    Empty where `total_b` (pair,) is not above 0. All candidates together reach any share, so it ends.
    """
    sets_ba = np.zeros_like(candidates_ba)
    needed_b = share * total_b * (1 - _ROUNDING)
    open_b = (total_b > 0) & candidates_ba.any(axis=1)
    while open_b.any():
        with_one_more_ba = np.where(candidates_ba & ~sets_ba, geometry.effects_with_one_more(sets_ba), -np.inf)
        best_b = with_one_more_ba.argmax(axis=1)
        rows = np.flatnonzero(open_b)
        sets_ba[rows, best_b[rows]] = True
        reached_b = with_one_more_ba[np.arange(len(best_b)), best_b] >= needed_b
        open_b &= ~reached_b & (candidates_ba & ~sets_ba).any(axis=1)
    return sets_ba


def smallest_reaching(sizes_s: npt.NDArray[np.integer], effects_s: npt.NDArray[np.float64], needed: float) -> int:
    """Return the place of the smallest set whose effect is at least `needed`; of equal sizes the largest effect.

    Ties go to the first; `NO_SET` where none reaches.
    """
    reaching = np.flatnonzero(effects_s >= needed - _ROUNDING * abs(needed))
    if not len(reaching):
        return NO_SET
    smallest = reaching[sizes_s[reaching] == sizes_s[reaching].min()]
    return int(smallest[effects_s[smallest].argmax()])


@cache
def all_sets(n_members: int) -> npt.NDArray[np.bool_]:
    """Return every set of so many members but the empty one, bool (set, member), small ones first."""
    sets_sn = np.zeros((2**n_members - 1, n_members), dtype=np.bool_)
    chosen = (members for size in range(1, n_members + 1) for members in combinations(range(n_members), size))
    for row, members in enumerate(chosen):
        sets_sn[row, list(members)] = True
    sets_sn.setflags(write=False)
    return sets_sn
