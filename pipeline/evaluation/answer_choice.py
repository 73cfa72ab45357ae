"""Which variant answers: the one whose named attributes matter most on validation pairs.

Must not import torch. Cost: one argmax for each variant.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadSetting
from pipeline.evaluation.bootstrap import Interval, Resampling, clustered_interval
from pipeline.explanation.answer.naming import NOTHING_NAMED, drop_of_named


@dataclass(frozen=True)
class CandidateAnswer:
    """What one variant's answers achieve on validation pairs.

    Attributes:
        variant: its name.
        matched_effect: mean drop of the score, beyond that of as distant replacements which keep the attribute; an
            absent attribute and one whose effect cannot be measured earn 0.
        top1_accuracy: share of pairs whose named attribute the query is labelled with.
        undefined: pairs whose named attribute has no measurable effect.
        is_chosen: this variant answers.
    """

    variant: str
    matched_effect: Interval
    top1_accuracy: float
    undefined: int
    is_chosen: bool


def compare_answers(
    named: Mapping[str, npt.NDArray[np.int64]],
    matched_drops_pa: npt.NDArray[np.floating],
    present_pa: npt.NDArray[np.bool_],
    clusters_p: npt.NDArray[np.integer],
    resampling: Resampling,
    asked: str | None = None,
) -> list[CandidateAnswer]:
    """Return what each variant's answers achieve on validation pairs, the best first; exactly one is chosen.

    Args:
        named: attribute (pair,) of each variant, -1 where it names none; the order settles ties.
        matched_drops_pa: (pair, attribute) matched effect as a drop, NaN where undefined.
        present_pa: (pair, attribute) bool, labels of the queries.
        clusters_p: (pair,) integer, whole clusters are resampled for the intervals.
        resampling: seed and number of bootstrap samples.
        asked: the variant that answers whatever the figures; None: the best.

    Raises:
        BadSetting: no variant, or the one asked for is not among them.

    Deviation: the weights and the prior of Eq. 4 were chosen on the same pairs, so the figures of the papers' variants
    are slightly flattered here; those of the others are not.
    """
    if not named or (asked is not None and asked not in named):
        raise BadSetting(
            expected=f"one of {', '.join(named) or 'at least one variant'}",
            found=str(asked),
            where="explanation.answer",
            remedy='set explanation.answer = "auto", or a variant of explanation.variants that may answer',
        )
    found = [
        _measured(name, named_p, matched_drops_pa, present_pa, clusters_p, resampling)
        for name, named_p in named.items()
    ]
    order = sorted(range(len(found)), key=lambda row: (-found[row].matched_effect.value, row))
    best = found[order[0]].variant if asked is None else asked
    return [
        CandidateAnswer(one.variant, one.matched_effect, one.top1_accuracy, one.undefined, one.variant == best)
        for one in (found[row] for row in order)
    ]


def _measured(
    variant: str,
    named_p: npt.NDArray[np.int64],
    matched_drops_pa: npt.NDArray[np.floating],
    present_pa: npt.NDArray[np.bool_],
    clusters_p: npt.NDArray[np.integer],
    resampling: Resampling,
) -> CandidateAnswer:
    present_p = present_pa[np.arange(len(named_p)), named_p] & (named_p != NOTHING_NAMED)
    drop_p = drop_of_named(named_p, matched_drops_pa, present_pa)
    undefined_p = np.isnan(drop_p)
    interval = clustered_interval(
        np.where(undefined_p, 0.0, drop_p), clusters_p, seed=resampling.seed, samples=resampling.samples
    )
    return CandidateAnswer(variant, interval, float(present_p.mean()), int(undefined_p.sum()), is_chosen=False)
