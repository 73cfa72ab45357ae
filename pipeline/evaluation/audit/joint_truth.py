"""True joint effects of every set of a query's attributes, and what a named set truly accounts for.

Must not import torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.explanation.answer.smallest_set import NO_SET, all_sets, smallest_reaching


@dataclass(frozen=True)
class JointTruth:
    """Measured joint effects.

    Attributes:
        members_p: for each pair the attributes that the query has, rising.
        effects_p: for each pair the effect of every set of them, float64 (set,), in the order of `all_sets`.
        floor: the size that an effect must exceed to count, see `effect_floor`.
    """

    members_p: Sequence[npt.NDArray[np.int64]]
    effects_p: Sequence[npt.NDArray[np.float64]]
    floor: float

    @property
    def total_p(self) -> npt.NDArray[np.float64]:
        """Float64 (pair,): the effect of changing all attributes at once."""
        return np.array([effects_s[-1] for effects_s in self.effects_p])

    @property
    def eligible_p(self) -> npt.NDArray[np.bool_]:
        """Bool (pair,): all attributes together matter more than the noise floor."""
        return np.asarray(self.total_p > self.floor)

    def smallest(self, share: float, n_attributes: int) -> npt.NDArray[np.bool_]:
        """Return the truly smallest set that reaches a share of the joint effect of all, bool (pair, attribute).

        Of several of that size the one with the largest effect. Empty where the joint effect is not above 0.
        """
        sets_pa = np.zeros((len(self.members_p), n_attributes), dtype=np.bool_)
        for pair, (members, effects_s) in enumerate(zip(self.members_p, self.effects_p, strict=True)):
            sets_sn = all_sets(len(members))
            best = smallest_reaching(sets_sn.sum(axis=1), effects_s, share * effects_s[-1])
            if effects_s[-1] > 0 and best != NO_SET:
                sets_pa[pair, members[sets_sn[best]]] = True
        return sets_pa

    def effects_of(self, sets_pa: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Return (pair,) the true joint effect of each pair's set; what the query lacks cannot be changed, and adds 0.

        NaN where the set is empty.
        """
        effect_p = np.full(len(sets_pa), np.nan)
        for pair in np.flatnonzero(sets_pa.any(axis=1)).tolist():
            own_n = sets_pa[pair, self.members_p[pair]]
            place = np.flatnonzero((all_sets(len(own_n)) == own_n).all(axis=1))
            effect_p[pair] = self.effects_p[pair][place[0]] if own_n.any() else 0.0
        return effect_p

    def sums_of_singles(self, sets_pa: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Return (pair,) the sum of the true effects of a set's attributes, each changed alone; NaN where it is empty.

        They come from the same draws as joint effects, so that the two differ by interaction alone.
        """
        sums_p = np.full(len(sets_pa), np.nan)
        for pair in np.flatnonzero(sets_pa.any(axis=1)).tolist():
            members = self.members_p[pair]
            # Sets of one come first, in the order of the members.
            sums_p[pair] = self.effects_p[pair][: len(members)][sets_pa[pair, members]].sum()
        return sums_p

    def all_present(self, n_attributes: int) -> npt.NDArray[np.bool_]:
        """Return what the queries have, bool (pair, attribute)."""
        sets_pa = np.zeros((len(self.members_p), n_attributes), dtype=np.bool_)
        for pair, members in enumerate(self.members_p):
            sets_pa[pair, members] = True
        return sets_pa

    def random_sets(
        self, sizes_p: npt.NDArray[np.integer], share: float
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return the mean effect of all sets of so many attributes, and which part of them reaches the share.

        Both (pair,) float64: the exact expectation of drawing a set at random, NaN where the size is 0. A size above
        the number of the query's attributes means all of them.
        """
        effect_p, reaches_p = np.full(len(sizes_p), np.nan), np.full(len(sizes_p), np.nan)
        for pair in np.flatnonzero(sizes_p > 0).tolist():
            effects_s, n_members = self.effects_p[pair], len(self.members_p[pair])
            of_size = effects_s[all_sets(n_members).sum(axis=1) == min(int(sizes_p[pair]), n_members)]
            effect_p[pair] = of_size.mean()
            reaches_p[pair] = reaches(of_size, effects_s[-1], share).mean()
        return effect_p, reaches_p


def reaches(
    effects: npt.NDArray[np.float64], totals: npt.NDArray[np.float64] | float, share: float
) -> npt.NDArray[np.float64]:
    """Return 1 where an effect is at least a share of the total, else 0; NaN where it is undefined."""
    # Rounding must not decide about a set that is all there is.
    found = effects >= share * np.asarray(totals) - 1e-9 * np.abs(totals)
    return np.where(np.isnan(effects), np.nan, found)
