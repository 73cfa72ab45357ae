"""What sets of attributes truly account for: the answer's, the greedy one, the truly smallest, controls.

Must not import torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.audit.joint_truth import JointTruth, reaches

CHOSEN: Final = "chosen"
GREEDY: Final = "greedy"
LEADING: Final = "leading"
SMALLEST: Final = "smallest"
RANDOM: Final = "random"
ALL: Final = "all"


@dataclass(frozen=True)
class SetOutcomes:
    """What one kind of set achieves; figures are (pair,) float64, NaN where a pair has no such set.

    Attributes:
        sets_pa: bool (pair, attribute), the sets; empty for random ones, which stand for many.
        size_p: number of attributes.
        effect_p: true joint effect.
        reaches_p: 1 where that is at least the chosen share of the true joint effect of all attributes, else 0; of
            random sets a probability.
        single_sum_p: sum of the true effects of its attributes, each changed alone; NaN for random sets.
        predicted_p: predicted joint effect; NaN where none was predicted.
        predicted_sum_p: sum of the predicted single effects, likewise.
    """

    sets_pa: npt.NDArray[np.bool_]
    size_p: npt.NDArray[np.float64]
    effect_p: npt.NDArray[np.float64]
    reaches_p: npt.NDArray[np.float64]
    single_sum_p: npt.NDArray[np.float64]
    predicted_p: npt.NDArray[np.float64]
    predicted_sum_p: npt.NDArray[np.float64]


@dataclass(frozen=True)
class PredictedSets:
    """Sets that were named without knowing the truth.

    Attributes:
        sets: bool (pair, attribute) of each kind: `CHOSEN`, `GREEDY`, `LEADING`, ...
        predicted: (pair,) predicted joint effect of each kind.
        single_pa: (pair, attribute) predicted effect of each attribute alone.
    """

    sets: Mapping[str, npt.NDArray[np.bool_]]
    predicted: Mapping[str, npt.NDArray[np.float64]]
    single_pa: npt.NDArray[np.float64]


def set_outcomes(truth: JointTruth, named: PredictedSets, share: float) -> dict[str, SetOutcomes]:
    """Return what each kind of set achieves, with the truly smallest, random sets of the chosen size, and all.

    Args:
        truth: measured joint effects.
        named: sets of each kind; `CHOSEN` must be among them.
        share: of the joint effect that a set has to reach.
    """
    n_attributes = named.single_pa.shape[1]
    unpredicted_p = np.full(len(named.single_pa), np.nan)
    known = {SMALLEST: truth.smallest(share, n_attributes), ALL: truth.all_present(n_attributes)}
    outcomes = {
        kind: _outcomes(truth, sets_pa, named.predicted[kind], named.single_pa, share)
        for kind, sets_pa in named.sets.items()
    }
    for kind, sets_pa in known.items():
        outcomes[kind] = _outcomes(truth, sets_pa, unpredicted_p, np.full(named.single_pa.shape, np.nan), share)
    effect_p, reaches_p = truth.random_sets(named.sets[CHOSEN].sum(axis=1), share)
    outcomes[RANDOM] = SetOutcomes(
        np.zeros_like(named.sets[CHOSEN]),
        outcomes[CHOSEN].size_p,
        effect_p,
        reaches_p,
        unpredicted_p,
        unpredicted_p,
        unpredicted_p,
    )
    return outcomes


def _outcomes(
    truth: JointTruth,
    sets_pa: npt.NDArray[np.bool_],
    predicted_p: npt.NDArray[np.float64],
    single_pa: npt.NDArray[np.float64],
    share: float,
) -> SetOutcomes:
    any_p = sets_pa.any(axis=1)
    effect_p = truth.effects_of(sets_pa)
    return SetOutcomes(
        sets_pa,
        np.where(any_p, sets_pa.sum(axis=1), np.nan),
        effect_p,
        reaches(effect_p, truth.total_p, share),
        truth.sums_of_singles(sets_pa),
        np.where(any_p, predicted_p, np.nan),
        np.where(any_p, np.where(sets_pa, single_pa, 0.0).sum(axis=1), np.nan),
    )
