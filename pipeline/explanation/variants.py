"""The table of variants, the ways of ranking attributes: all that settings, jobs and the report know of each.

A new variant is an entry here. Its order is the order of the scores' variant axis, so new ones go to the end.
Must import no more than NumPy, which every command has anyway: settings read the names.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadSetting
from pipeline.explanation.baselines import (
    best_constant_scores,
    confidence_scores,
    predicted_in_both_scores,
    prior_only_scores,
    random_scores,
)
from pipeline.explanation.combination import combine
from pipeline.explanation.evidence import COUNT, TCAV, ExplanationEvidence

SHUFFLED: Final = "~shuffled"
CONTROL_DESCRIPTION: Final = "control: maps exchanged between pairs"
MATCH_NEEDS: Final = ("logits", "activations", "maps_pyx", "priors", "weights")
# Variants that need other predictors are chosen by name, because each of these takes a training.
DEFAULT_MODELS: Final = frozenset({"sane", "classifier"})


@dataclass(frozen=True)
class Variant:
    """A way of ranking attributes.

    Attributes:
        description: a few words for people.
        scores: returns (pair, attribute) float64, larger = better explanation; -inf excludes an attribute.
        needs: fields of the evidence that it looks at, beside seed, ids and rows of the pairs.
        models: attribute models whose logits, activation maps and weights it looks at.
        is_baseline: what a method has to beat; the report lists these first.
        has_shuffled_control: it is scored once more with maps exchanged between pairs.
        is_told_labels: it chooses among the attributes that the query is labelled with; never compared with those that
            are not told, and listed last.
        is_claimant: the audit tests the claim that it beats others.
        claim_order: its place among those that the claim is tested against, from 1; None: it is not.
        may_answer: it may be chosen to answer for pairs.
        card_order: its place among those that the report's cards explain in full, from 1; None: it is not.
    """

    description: str
    scores: Callable[[ExplanationEvidence], npt.NDArray[np.float64]]
    needs: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    is_baseline: bool = False
    has_shuffled_control: bool = False
    is_told_labels: bool = False
    is_claimant: bool = False
    may_answer: bool = True
    claim_order: int | None = None
    card_order: int | None = None


def all_variants(names: Iterable[str]) -> list[str]:
    """Return the variants with their controls, in the order of the scores' variant axis: all controls come last."""
    given = list(names)
    return [*given, *(name + SHUFFLED for name in given if VARIANTS[name].has_shuffled_control)]


def variant_scores(names: Iterable[str], evidence: ExplanationEvidence) -> dict[str, npt.NDArray[np.float64]]:
    """Return the scores (pair, attribute), float64, of the variants and of their controls, in their order.

    Raises:
        BadSetting: the evidence does not allow for a variant.
    """
    shuffled = evidence.with_shuffled_maps()
    return {
        name: VARIANTS[name.removesuffix(SHUFFLED)].scores(shuffled if name.endswith(SHUFFLED) else evidence)
        for name in all_variants(names)
    }


def answering_variants(names: Iterable[str], told_labels: bool) -> list[str]:
    """Return those of the variants that may answer for pairs; without labels none that has to be told them."""
    return [name for name in names if VARIANTS[name].may_answer and (told_labels or not VARIANTS[name].is_told_labels)]


def default_variants() -> list[str]:
    """Return the variants that need no more than the papers' two predictors, in the table's order."""
    return [name for name, variant in VARIANTS.items() if DEFAULT_MODELS.issuperset(variant.models)]


def models_needed(names: Iterable[str]) -> dict[str, str]:
    """Return the attribute models that the variants need, each with the first variant that needs it."""
    needed: dict[str, str] = {}
    for name in names:
        for model in VARIANTS[name].models:
            needed.setdefault(model, name)
    return needed


def models_matched(names: Iterable[str]) -> list[str]:
    """Return the attribute models whose activation maps the variants match with saliency maps."""
    return list(models_needed(name for name in names if "weights" in VARIANTS[name].needs))


def in_order(places: Mapping[str, int | None]) -> list[str]:
    """Return the names that have a place, by their places."""
    return [name for _, name in sorted((place, name) for name, place in places.items() if place is not None)]


def presence_weighted_effects(
    effects_pa: npt.NDArray[np.float64], presence_pa: npt.NDArray[np.floating[Any]]
) -> npt.NDArray[np.float64]:
    """Return presence times predicted effect, (pair, attribute), float64: variant `embedding_effect+presence`.

    `effects_pa` come from `predicted_effects` without labels, `presence_pa` from `presence_probability` or
    `relative_confidence` of the pairs' queries; their own labels are not used. Naming an absent attribute earns 0, so
    the product is the expected effect of naming a: p(present) * effect + (1 - p(present)) * 0.

    Raises:
        BadSetting: the effects were masked by labels, or presence is outside [0, 1].
    """
    in_range = bool(((presence_pa >= 0) & (presence_pa <= 1)).all())
    if not (in_range and np.isfinite(effects_pa).all()):
        raise BadSetting(
            expected="finite effects and presence in [0, 1]",
            found="presence out of range" if not in_range else "effects that are not finite",
            where="variant embedding_effect+presence",
            remedy="predict the effects without present_na, and presence by a probe or a relative confidence",
        )
    return np.asarray(effects_pa * presence_pa, dtype=np.float64)


def _random(evidence: ExplanationEvidence) -> npt.NDArray[np.float64]:
    return random_scores(evidence.seed, evidence.pair_ids, evidence.n_attributes)


def _random_present(evidence: ExplanationEvidence) -> npt.NDArray[np.float64]:
    return np.where(evidence.present_pa, _random(evidence), -np.inf)


def _best_constant(evidence: ExplanationEvidence) -> npt.NDArray[np.float64]:
    return best_constant_scores(evidence.held_out_drops_pa, len(evidence.pair_ids))


def _prior_only(evidence: ExplanationEvidence) -> npt.NDArray[np.float64]:
    return prior_only_scores(evidence.priors[evidence.prior_kind], len(evidence.pair_ids))


def _predicted_in_both(evidence: ExplanationEvidence) -> npt.NDArray[np.float64]:
    return predicted_in_both_scores(evidence.logits["classifier"], evidence.query_p, evidence.reference_p)


def _confidence(model: str, evidence: ExplanationEvidence) -> npt.NDArray[np.float64]:
    return confidence_scores(evidence.logits[model], evidence.query_p)


def _matched(model: str, evidence: ExplanationEvidence) -> npt.NDArray[np.float64]:
    """Return Eq. 4 without its prior, weights renormalised."""
    return combine(evidence.terms(model), evidence.weights[model, "none"].without_prior())


def _matched_with_prior(model: str, prior_kind: str, evidence: ExplanationEvidence) -> npt.NDArray[np.float64]:
    """Return Eq. 4 in full."""
    return combine(evidence.terms(model, prior_kind), evidence.weights[model, prior_kind].on_simplex())


def _effect_of_labels(evidence: ExplanationEvidence) -> npt.NDArray[np.float64]:
    return np.where(evidence.present_pa, evidence.effects_pa, -np.inf)


def _effect_of_presence(evidence: ExplanationEvidence) -> npt.NDArray[np.float64]:
    return presence_weighted_effects(evidence.effects_pa, evidence.presence_pa)


VARIANTS: Final[Mapping[str, Variant]] = MappingProxyType(
    {
        "random": Variant("uniform draw over all attributes", _random, is_baseline=True, may_answer=False),
        "best_constant": Variant(
            "one attribute for every pair, chosen on validation pairs",
            _best_constant,
            ("held_out_drops_pa",),
            is_baseline=True,
            claim_order=2,
        ),
        "prior_only": Variant(
            "the most probable attribute of the prior",
            _prior_only,
            ("priors",),
            is_baseline=True,
            claim_order=3,
        ),
        "predicted_in_both": Variant(
            "classifier's confidence in query × in reference",
            _predicted_in_both,
            ("logits",),
            ("classifier",),
            is_baseline=True,
            claim_order=4,
        ),
        "classifier": Variant(
            "its most confident attribute; never saw a map",
            partial(_confidence, "classifier"),
            ("logits",),
            ("classifier",),
            is_baseline=True,
            claim_order=1,
            card_order=5,
        ),
        "sane": Variant(
            "most confident attribute; maps supervised its training",
            partial(_confidence, "sane"),
            ("logits",),
            ("sane",),
            claim_order=5,
            card_order=4,
        ),
        "sane+match": Variant(
            "+ agreement of activation map and saliency map",
            partial(_matched, "sane"),
            MATCH_NEEDS,
            ("sane",),
            has_shuffled_control=True,
            claim_order=6,
            card_order=3,
        ),
        "sane+match+count": Variant(
            "+ prior counted on validation pairs",
            partial(_matched_with_prior, "sane", COUNT),
            MATCH_NEEDS,
            ("sane",),
            has_shuffled_control=True,
            claim_order=7,
            card_order=2,
        ),
        "embedding_effect": Variant(
            "predicted effect; told the query's labels",
            _effect_of_labels,
            ("effects_pa", "present_pa"),
            is_told_labels=True,
        ),
        # Not told the labels: it has to find out what the query has.
        "embedding_effect+presence": Variant(
            "predicted effect × probed presence",
            _effect_of_presence,
            ("effects_pa", "presence_pa"),
            is_claimant=True,
            card_order=1,
        ),
        "sane+match+tcav": Variant(
            "+ prior of concept vectors against random ones",
            partial(_matched_with_prior, "sane", TCAV),
            MATCH_NEEDS,
            ("sane",),
            has_shuffled_control=True,
            claim_order=8,
        ),
        "random_present": Variant(
            "uniform draw over the query's labelled attributes",
            _random_present,
            ("present_pa",),
            is_baseline=True,
            is_told_labels=True,
            may_answer=False,
        ),
        "classifier_fc": Variant(
            "most confident attribute of a classifier with a fully connected head",
            partial(_confidence, "classifier_fc"),
            ("logits",),
            ("classifier_fc",),
            is_baseline=True,
            claim_order=9,
        ),
        "fashion_search_net": Variant(
            "most confident attribute; each is read in the region of its activation map",
            partial(_confidence, "fashion_search_net"),
            ("logits",),
            ("fashion_search_net",),
            is_baseline=True,
            claim_order=10,
        ),
        "fashion_search_net+match": Variant(
            "+ agreement of activation map and saliency map",
            partial(_matched, "fashion_search_net"),
            MATCH_NEEDS,
            ("fashion_search_net",),
            is_baseline=True,
            has_shuffled_control=True,
            claim_order=11,
        ),
    }
)
