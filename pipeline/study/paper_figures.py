"""What the papers printed of their user study.

Source: "Why do These Match? Explaining the Behavior of Image Similarity Models", first arXiv version, Table 3:
percentage of tests where the subject preferred the explanation to a random attribute; 20 subjects, 200 tests a dataset.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

SOURCE: Final = (
    "“Why do These Match? Explaining the Behavior of Image Similarity Models”, first arXiv version, Table 3: "
    "20 subjects, 10 questions each and dataset, the model’s attribute against a random one"
)


@dataclass(frozen=True)
class PaperPreference:
    """A row of their Table 3, percent of tests.

    Attributes:
        dataset: as they call it.
        total: of all subjects.
        male: of those who said so.
        female: likewise.
    """

    dataset: str
    total: float
    male: float
    female: float


# By the kind of dataset.
PAPER_PREFERENCES: Final[Mapping[str, PaperPreference]] = MappingProxyType(
    {
        "polyvore_outfits": PaperPreference("Polyvore Outfits", 68.9, 63.3, 71.5),
        "awa2": PaperPreference("Animals with Attributes 2", 80.0, 83.3, 78.3),
    }
)
