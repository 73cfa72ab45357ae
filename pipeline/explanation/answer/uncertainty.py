"""How sure the effect of a named attribute is: its interval, the agreement of refits, and whether it is there at all.

Must not import torch. Cost: the refits that it is given; memory is that of one of them and of (draw, pair) values.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.explanation.answer.naming import NOTHING_NAMED

LEVEL = 0.05


@dataclass(frozen=True)
class EffectUncertainty:
    """What refits say of each pair's named attribute, all (pair,) float64, NaN where nothing was named.

    Attributes:
        effect_p: predicted drop of the score without the attribute.
        low_p: lower end of its 95 % interval over reweighted training images; at most the effect.
        high_p: upper end; at least the effect.
        agreement_p: share of the refits in which the named attribute has the largest effect of the candidates.
        p_value_p: chance that the largest effect of any candidate is as large as here where attributes mean nothing
            (labels exchanged), at least 1 / (draws + 1).
    """

    effect_p: npt.NDArray[np.float64]
    low_p: npt.NDArray[np.float64]
    high_p: npt.NDArray[np.float64]
    agreement_p: npt.NDArray[np.float64]
    p_value_p: npt.NDArray[np.float64]

    @property
    def told_p(self) -> npt.NDArray[np.bool_]:
        """Bool (pair,): some candidate's effect is told from none, and the named one's interval lies above 0."""
        return np.asarray((self.p_value_p <= LEVEL) & (self.low_p > 0))

    def told_by_all_p(self, all_matter: bool) -> npt.NDArray[np.bool_]:
        """Return (pair,) bool: not told for the pair, but its interval lies above 0 and such answers matter together.

        For labels of whole classes. A dozen classes can be exchanged in too few ways that differ for the test of one
        pair to have any power, while over all pairs the attributes that are named may well be shown to matter.

        Args:
            all_matter: the answers to validation pairs have a mean matched effect whose interval lies above 0.
        """
        return np.asarray(~self.told_p & (self.low_p > 0) & all_matter)


def effect_uncertainty(
    named_p: npt.NDArray[np.integer],
    candidates_pa: npt.NDArray[np.bool_],
    effects_pa: npt.NDArray[np.floating],
    reweighted: Iterable[npt.NDArray[np.float64]],
    exchanged: Iterable[npt.NDArray[np.float64]],
) -> EffectUncertainty:
    """Return how sure the effects of the named attributes are.

    Args:
        named_p: (pair,) attribute, or -1.
        candidates_pa: (pair, attribute) bool, what could have been named.
        effects_pa: (pair, attribute) as fitted on all training images.
        reweighted: effects (pair, attribute) of refits, see `reweighted_effects`.
        exchanged: effects (pair, attribute) where attributes mean nothing, see `exchanged_effects`.

    Source: this project's own. The p-value is the largest statistic's of Westfall and Young (1993), so that many
    candidates are no advantage.
    """
    effect_p = _of_named(np.asarray(effects_pa, dtype=np.float64), named_p)
    largest_p = _largest(effects_pa, candidates_pa)
    draws_bp, agreements_bp = [], []
    for refit_pa in reweighted:
        draws_bp.append(_of_named(refit_pa, named_p))
        agreements_bp.append(np.where(candidates_pa, refit_pa, -np.inf).argmax(axis=1) == named_p)
    exceeded_p, n_exchanged = np.zeros(len(named_p)), 0
    for null_pa in exchanged:
        exceeded_p += _largest(null_pa, candidates_pa) >= largest_p
        n_exchanged += 1
    low_p, high_p = effect_intervals(effect_p, draws_bp)
    nothing_p = named_p == NOTHING_NAMED
    return EffectUncertainty(
        effect_p,
        low_p,
        high_p,
        np.where(nothing_p, np.nan, np.mean(agreements_bp, axis=0)),
        np.where(nothing_p, np.nan, (1 + exceeded_p) / (1 + n_exchanged)),
    )


def effect_intervals(
    effects: npt.NDArray[np.floating], reweighted: Sequence[npt.NDArray[np.float64]]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return lower and upper ends of 95 % intervals of effects over reweighted training images, float64.

    Args:
        effects: of any shape, as fitted on all training images; each lies in its interval.
        reweighted: effects of that shape, of each refit.
    """
    low, high = np.quantile(np.stack(list(reweighted)), [LEVEL / 2, 1 - LEVEL / 2], axis=0)
    return np.minimum(low, effects), np.maximum(high, effects)


def _of_named(values_pa: npt.NDArray[np.float64], named_p: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    chosen_p = values_pa[np.arange(len(named_p)), named_p]
    return np.where(named_p == NOTHING_NAMED, np.nan, chosen_p)


def _largest(values_pa: npt.NDArray[np.floating], candidates_pa: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    return np.asarray(np.where(candidates_pa, values_pa, -np.inf).max(axis=1, initial=-np.inf), dtype=np.float64)
