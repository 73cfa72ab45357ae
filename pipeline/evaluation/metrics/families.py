"""Which variants are compared under one correction: those that are told the same things. Must not import torch."""

from collections.abc import Iterable

from pipeline.explanation.variants import SHUFFLED, VARIANTS


def told_families(names: Iterable[str]) -> list[list[str]]:
    """Return the variants that have to find out the query's labels, then those that are told them; no empty family."""
    given = list(names)
    families = ([name for name in given if is_told_labels(name) == told] for told in (False, True))
    return [family for family in families if family]


def is_told_labels(name: str) -> bool:
    """Return whether a variant, or its control, is told the query's labels; a name of no variant is not."""
    variant = VARIANTS.get(name.removesuffix(SHUFFLED))
    return variant is not None and variant.is_told_labels
