"""What other images in the query's place say of an answer."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ReplacementTest:
    """What other images in the query's place did to the similarity, on average; a fall is negative.

    Attributes:
        effect: change with images like the query that lack the attribute; None where none was found.
        matched_effect: the same less the change with images as different that keep it; None where unknown.
    """

    effect: float | None
    matched_effect: float | None

    @property
    def counts(self) -> float | None:
        """The change that counts: the difference where it is known, else that with images without the attribute."""
        return self.effect if self.matched_effect is None else self.matched_effect

    @property
    def contradicts(self) -> bool:
        """Whether the change that counts is no fall, which speaks against the answer."""
        return self.counts is not None and self.counts >= 0


def replacement_test(effects: Mapping[str, float | None]) -> ReplacementTest | None:
    """Return the test of a pair's attribute from its effects by `kind` of the table `replacements`; None without."""
    return ReplacementTest(effects["deletion"], effects.get("matched")) if "deletion" in effects else None
