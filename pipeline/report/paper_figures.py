"""What the papers printed, by dataset; percent and seconds, theirs, on their data.

Source: "Why do These Match? Explaining the Behavior of Image Similarity Models", first arXiv version, Table 1
(faithfulness of saliency maps), Table 2 (attributes as explanations) and Table 4 (seconds a map).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

SOURCE: Final = "“Why do These Match? Explaining the Behavior of Image Similarity Models”, first arXiv version"
_SIDE_BY_SIDE: Final = "so the figures stand side by side for orientation, not as a target reached or missed."


@dataclass(frozen=True)
class PaperFaithfulness:
    """A row of their Table 1, percent.

    Attributes:
        insertion: area under the insertion curve; larger is better.
        deletion: area under the deletion curve; smaller is better.
    """

    insertion: float
    deletion: float


@dataclass(frozen=True)
class PaperExplanation:
    """A row of their Table 2, percent; None where they print none.

    Attributes:
        mean_average_precision: of attribute recognition.
        top1: how often the named attribute is among the query's.
        removal: drop of the score when the named attribute is removed, x 100.
    """

    mean_average_precision: float | None
    top1: float
    removal: float


@dataclass(frozen=True)
class PaperFigures:
    """What the papers printed of one dataset.

    Attributes:
        column: how their columns of it are called.
        differences: how what they measured differs from a run here.
        faithfulness: Table 1, by (generator, mode).
        explanation: Table 2, by variant; their full model has the prior, here "sane+match+count".
    """

    column: str
    differences: str
    faithfulness: Mapping[tuple[str, str], PaperFaithfulness]
    explanation: Mapping[str, PaperExplanation]


_AWA: Final = PaperFigures(
    "AwA",
    "Their photographs, weights and sizes differ from those here (37,322 photographs, 40 training and 10 "
    f"test classes, ImageNet-pretrained backbones), {_SIDE_BY_SIDE}",
    MappingProxyType(
        {
            ("sliding_window", "fixed"): PaperFaithfulness(76.9, 76.8),
            ("rise", "fixed"): PaperFaithfulness(76.5, 77.1),
            ("lime", "fixed"): PaperFaithfulness(77.0, 71.2),
            ("mask", "fixed"): PaperFaithfulness(74.5, 77.3),
            ("sliding_window", "both"): PaperFaithfulness(77.6, 76.3),
            ("rise", "both"): PaperFaithfulness(76.0, 75.6),
            ("mask", "both"): PaperFaithfulness(75.8, 78.4),
        }
    ),
    MappingProxyType(
        {
            "random": PaperExplanation(None, 38.1, 0.4),
            "classifier": PaperExplanation(66.5, 73.9, 0.9),
            "fashion_search_net": PaperExplanation(66.7, 75.2, 1.1),
            "fashion_search_net+match": PaperExplanation(None, 77.8, 1.4),
            "sane": PaperExplanation(67.1, 77.1, 1.8),
            "sane+match": PaperExplanation(None, 85.5, 2.3),
            "sane+match+count": PaperExplanation(None, 85.1, 2.7),
        }
    ),
)
_POLYVORE: Final = PaperFigures(
    "Polyvore",
    "Their items, weights and sizes may differ from those here (365,054 images, 205 attributes, 53,306 training and "
    f"10,000 test outfits, ImageNet-pretrained backbones), {_SIDE_BY_SIDE}",
    MappingProxyType(
        {
            ("sliding_window", "fixed"): PaperFaithfulness(60.2, 53.6),
            ("rise", "fixed"): PaperFaithfulness(62.0, 52.0),
            ("lime", "fixed"): PaperFaithfulness(58.4, 55.4),
            ("mask", "fixed"): PaperFaithfulness(59.4, 53.3),
            ("sliding_window", "both"): PaperFaithfulness(59.6, 54.3),
            ("rise", "both"): PaperFaithfulness(58.8, 55.2),
            ("mask", "both"): PaperFaithfulness(58.9, 54.6),
        }
    ),
    MappingProxyType(
        {
            "random": PaperExplanation(None, 1.3, 0.2),
            "classifier": PaperExplanation(24.2, 49.1, 0.5),
            "fashion_search_net": PaperExplanation(24.5, 49.1, 0.4),
            "fashion_search_net+match": PaperExplanation(None, 49.8, 1.5),
            "sane": PaperExplanation(25.7, 50.0, 2.2),
            "sane+match": PaperExplanation(None, 51.7, 2.9),
            "sane+match+count": PaperExplanation(None, 52.2, 3.5),
        }
    ),
)

# By the kind of dataset; the other kinds have no counterpart in the papers.
PAPERS: Final[Mapping[str, PaperFigures]] = MappingProxyType({"awa2": _AWA, "polyvore_outfits": _POLYVORE})

# Table 4, by (generator, mode): seconds a map, on hardware of theirs.
PAPER_SECONDS: Final[Mapping[tuple[str, str], float]] = MappingProxyType(
    {
        ("sliding_window", "fixed"): 0.2,
        ("rise", "fixed"): 0.3,
        ("lime", "fixed"): 1.2,
        ("mask", "fixed"): 4.1,
        ("sliding_window", "both"): 2.5,
        ("rise", "both"): 5.8,
        ("mask", "both"): 7.2,
    }
)

# (confidence, map match, prior) as printed; only their ratios matter.
PAPER_WEIGHTS: Final[Mapping[str, tuple[float, float, float]]] = MappingProxyType(
    {"papers, AwA": (0.4, 0.6, 0.05), "papers, Polyvore": (0.1, 0.9, 0.05)}
)


def papers_paragraph(dataset: str) -> tuple[str, ...]:
    """Return what to know before comparing with the papers' figures; nothing for datasets that they do not have."""
    papers = PAPERS.get(dataset)
    if papers is None:
        return ()
    return (f"Shaded columns are the papers’ figures, in percent ({SOURCE}). {papers.differences}",)
