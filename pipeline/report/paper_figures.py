"""What the papers printed, on Animals with Attributes 2; percent, theirs, on their data.

Source: "Why do These Match? Explaining the Behavior of Image Similarity Models", first arXiv version, Table 1
(faithfulness of saliency maps) and Table 2 (attributes as explanations), columns AwA.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

SOURCE: Final = (
    "“Why do These Match? Explaining the Behavior of Image Similarity Models”, first arXiv version, "
    "Tables 1 and 2, columns AwA"
)
DIFFERENCES: Final = (
    "Their photographs, weights and sizes differ from those here (37,322 photographs, 40 training and 10 "
    "test classes, ImageNet-pretrained backbones), so the figures stand side by side for orientation, not as "
    "a target reached or missed."
)


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


# By (generator, mode).
AWA_FAITHFULNESS: Final[Mapping[tuple[str, str], PaperFaithfulness]] = MappingProxyType(
    {
        ("sliding_window", "fixed"): PaperFaithfulness(76.9, 76.8),
        ("rise", "fixed"): PaperFaithfulness(76.5, 77.1),
        ("lime", "fixed"): PaperFaithfulness(77.0, 71.2),
        ("mask", "fixed"): PaperFaithfulness(74.5, 77.3),
        ("sliding_window", "both"): PaperFaithfulness(77.6, 76.3),
        ("rise", "both"): PaperFaithfulness(76.0, 75.6),
        ("mask", "both"): PaperFaithfulness(75.8, 78.4),
    }
)

# By variant; their full model has the prior, here "sane+match+count".
AWA_EXPLANATION: Final[Mapping[str, PaperExplanation]] = MappingProxyType(
    {
        "random": PaperExplanation(None, 38.1, 0.4),
        "classifier": PaperExplanation(66.5, 73.9, 0.9),
        "fashion_search_net": PaperExplanation(66.7, 75.2, 1.1),
        "fashion_search_net+match": PaperExplanation(None, 77.8, 1.4),
        "sane": PaperExplanation(67.1, 77.1, 1.8),
        "sane+match": PaperExplanation(None, 85.5, 2.3),
        "sane+match+count": PaperExplanation(None, 85.1, 2.7),
    }
)

# (confidence, map match, prior) as printed; only their ratios matter.
PAPER_WEIGHTS: Final[Mapping[str, tuple[float, float, float]]] = MappingProxyType(
    {"papers, AwA": (0.4, 0.6, 0.05), "papers, Polyvore": (0.1, 0.9, 0.05)}
)
