"""The variants in the order in which people compare them, each with a few words on what it is."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

PRESENT: Final = "|present"
# They choose among the attributes that the query is labelled with.
TOLD_LABELS: Final = frozenset({"embedding_effect"})

# Ordered: baselines, the papers' rows, those read off the embedding, bounds.
DESCRIPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "random": "uniform draw over all attributes",
        "random_present": "mean over the query's attributes",
        "best_constant": "one attribute for every pair, chosen on validation pairs",
        "prior_only": "the most probable attribute of the prior",
        "predicted_in_both": "classifier's confidence in query × in reference",
        "classifier": "its most confident attribute; never saw a map",
        "fashion_search_net": "region-based classifier",
        "fashion_search_net+match": "with map matching",
        "sane": "most confident attribute; maps supervised its training",
        "sane+match": "+ agreement of activation map and saliency map",
        "sane+match~shuffled": "control: maps exchanged between pairs",
        "sane+match+count": "+ prior counted on validation pairs",
        "sane+match+count~shuffled": "control: maps exchanged between pairs",
        "sane+match+tcav": "+ prior from concept vectors",
        "embedding_effect+presence": "predicted effect × probed presence",
        "embedding_effect": "predicted effect; told the query's labels",
        "oracle": "the attribute with the largest true effect",
    }
)

# The one shown on the cards: the first of these that there is.
_CARD_PREFERENCE: Final = ("embedding_effect+presence", "sane+match+count", "sane+match", "sane", "classifier")


def ordered(variants: Iterable[str]) -> list[str]:
    """Return the distinct variants in reading order, unknown ones last in the order given."""
    given = list(dict.fromkeys(variants))
    known = [name for name in DESCRIPTIONS if name in given]
    return known + [name for name in given if name not in DESCRIPTIONS]


def card_variant(variants: Iterable[str]) -> str | None:
    """Return the variant that the cards explain in full, None where there is no variant at all."""
    given = ordered(variants)
    preferred = [name for name in _CARD_PREFERENCE if name in given]
    return next(iter(preferred + given), None)


def description(variant: str) -> str:
    """Return a few words on a variant, nothing for an unknown one."""
    return DESCRIPTIONS.get(variant, "")
