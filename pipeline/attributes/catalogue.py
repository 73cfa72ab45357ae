"""The attribute models there are, and what settings and stages have to know of each; must not import torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

HeadName = Literal["activation_maps", "fully_connected", "regions"]


@dataclass(frozen=True)
class AttributeModel:
    """A predictor of attributes.

    Attributes:
        description: a few words for people.
        head: what stands on the backbone, see `pipeline.attributes.predictor`.
        learns_from_maps: saliency maps supervise its activation maps.
    """

    description: str
    head: HeadName
    learns_from_maps: bool = False

    @property
    def has_activations(self) -> bool:
        """Whether it has an activation map per attribute."""
        return self.head != "fully_connected"


# In the order in which they are trained and shown.
ATTRIBUTE_MODELS: Final[Mapping[str, AttributeModel]] = MappingProxyType(
    {
        "sane": AttributeModel("activation maps that saliency maps supervise", "activation_maps", True),
        # The same network with lambda 0 (ECCV supplement): it sees no map and depends on none.
        "classifier": AttributeModel("the same network without saliency maps", "activation_maps"),
        "classifier_fc": AttributeModel("average pool and one fully connected layer", "fully_connected"),
        "fashion_search_net": AttributeModel(
            "a region per attribute, found by its activation map, then three fully connected layers", "regions"
        ),
    }
)
