"""The rows of the explanation tables: the variants asked for, and their controls."""

SHUFFLED = "~shuffled"


def all_variants(variants: list[str]) -> list[str]:
    """Return the variants with their controls: map matching once more, on maps shuffled between pairs."""
    return [*variants, *(name + SHUFFLED for name in variants if "+match" in name)]
