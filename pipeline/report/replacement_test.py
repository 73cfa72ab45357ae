"""What other images in the query's place say of an answer."""

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
