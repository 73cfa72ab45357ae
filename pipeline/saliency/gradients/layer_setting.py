"""The setting that generators of layer maps share."""

from typing import Annotated

from annotated_types import doc

Layer = Annotated[
    str | None,
    doc("submodule whose activations become the map, such as 0.2; empty: the network's last feature map"),
]
