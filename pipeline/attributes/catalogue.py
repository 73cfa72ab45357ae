"""The attribute models there are, and what settings and stages have to know of each; must not import torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class AttributeModel:
    """A predictor of attributes.

    Attributes:
        learns_from_maps: saliency maps supervise its activation maps.
    """

    learns_from_maps: bool = False


# In the order in which they are trained and shown.
ATTRIBUTE_MODELS: Final[Mapping[str, AttributeModel]] = MappingProxyType(
    {
        "sane": AttributeModel(learns_from_maps=True),
        # The same network with lambda 0 (ECCV supplement): it sees no map and depends on none.
        "classifier": AttributeModel(),
    }
)
