"""The variants in the order in which people compare them, each with people’s name and a few words on what it is."""

from collections.abc import Iterable, Mapping
from typing import Final

from pipeline.evaluation.audit.answers import BOUNDS
from pipeline.explanation.variants import CONTROL_DESCRIPTION, SHUFFLED, VARIANTS, in_order
from pipeline.report.table_model import Cell

# They choose among the attributes that the query is labelled with.
TOLD_LABELS: Final = frozenset(name for name, variant in VARIANTS.items() if variant.is_told_labels)

_PEOPLES_NAMES: Final = {
    "random": "a random attribute",
    "random_present": "a random attribute of the query",
    "best_constant": "one attribute for every pair",
    "prior_only": "the attribute that is most often the cause",
    "predicted_in_both": "the attribute seen in both images",
    "classifier": "the attribute classifier",
    "classifier_fc": "the attribute classifier with one dense layer",
    "sane": "SANE’s attribute model",
    "sane+match": "SANE with map matching",
    "sane+match+count": "SANE in full, with map matching and prior",
    "sane+match+tcav": "SANE with map matching and a prior of concept vectors",
    "embedding_effect": "the predicted effect, among the query’s labels",
    "embedding_effect+presence": "the predicted effect, among what the query seems to have",
    "fashion_search_net": "FashionSearchNet",
    "fashion_search_net+match": "FashionSearchNet with map matching",
    "answer": "the answers",
    "oracle": "the best attribute, chosen on half of the replacements",
}


def ordered(variants: Iterable[str]) -> list[str]:
    """Return the distinct variants in reading order, unknown ones last in the order given.

    Baselines come first, then the methods, those told the query's labels last; a control follows its variant.
    """
    given = list(dict.fromkeys(variants))
    # Sorting keeps the table's order among equals.
    names = sorted(VARIANTS, key=lambda name: (not VARIANTS[name].is_baseline, VARIANTS[name].is_told_labels))
    known = [shown for name in names for shown in (name, name + SHUFFLED) if shown in given]
    return known + [name for name in given if name not in known]


def card_variant(variants: Iterable[str]) -> str | None:
    """Return the variant that the cards explain in full, None where there is no variant at all."""
    given = ordered(variants)
    preferred = [name for name in in_order({name: one.card_order for name, one in VARIANTS.items()}) if name in given]
    return next(iter(preferred + given), None)


def description(variant: str) -> str:
    """Return a few words on a variant, its control or a bound of the audit, nothing for an unknown one."""
    known = VARIANTS.get(variant.removesuffix(SHUFFLED))
    if known is None:
        return BOUNDS.get(variant, "")
    return CONTROL_DESCRIPTION if variant.endswith(SHUFFLED) else known.description


def people_name(variant: str) -> str:
    """Return what people call a variant, words that can stand in a sentence; unknown ones as they are spelt."""
    name = variant.removesuffix(SHUFFLED)
    known = _PEOPLES_NAMES.get(name, name)
    return f"{known}, its maps exchanged" if variant.endswith(SHUFFLED) else known


def variant_cell(variant: str, meaning: str = "") -> Cell:
    """Return the cell that names a variant: what people call it, small beside it the machine's name, and a meaning."""
    people = people_name(variant)
    machine = variant if people != variant else ""
    return Cell(people, ": ".join(filter(None, (machine, meaning))))


def named_first(firsts: Mapping[str, str], without: str | None) -> dict[str, list[str]]:
    """Return the variants that name each attribute first, in reading order.

    Args:
        firsts: the attribute that each variant names first.
        without: a variant that is left out.
    """
    by_attribute: dict[str, list[str]] = {}
    for name in ordered(firsts):
        if name != without:
            by_attribute.setdefault(firsts[name], []).append(name)
    return by_attribute
