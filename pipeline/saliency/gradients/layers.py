"""Choosing the layer whose activations become a map."""

import difflib
from collections.abc import Mapping

from torch import nn

from pipeline.errors import BadSetting

# What ends a trunk: from here on a feature has no place in the image.
HEADS = (nn.Linear, nn.Flatten, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)


def find_layer(network: nn.Module, name: str | None, generator: str) -> tuple[str, nn.Module]:
    """Return a layer's name and the layer.

    Args:
        network: the explained model's; of a user's own model the layers are named as its author named them.
        name: path of a submodule, such as "0.2" or "0.3.conv2"; None for the last feature map: the outermost part
            that ends with the network's last convolution and holds no head. For the built-in networks that is the
            trunk, whose output is that of its last block. For transformers, where attention follows the last
            convolution, it is what the last attention is given: the tokens after it no longer reach a class token.
        generator: who asks, for the message.

    Raises:
        BadSetting: there is no such submodule, the closest ones are named; or no convolution to choose by itself.
    """
    network = named_network(network)
    convolutions = convolutional_layers(network)
    modules = dict(network.named_modules())
    if name is None:
        name = _before_last_attention(modules)
    if name is None and convolutions:
        path = convolutions[-1].split(".")
        outermost_first = [".".join(path[:length]) for length in range(1, len(path) + 1)]
        name = next(part for part in outermost_first if not _has_head(modules[part]))
    if name is None or not name or name not in modules:
        raise not_a_layer(
            network, "the network's last one" if name is None else _with_closest(name, modules), generator
        )
    return name, modules[name]


def _with_closest(name: str, modules: Mapping[str, nn.Module]) -> str:
    """Return a name that no layer has, with the layers whose names are closest to it."""
    close = difflib.get_close_matches(name, [known for known in modules if known], n=3, cutoff=0.5)
    return f"{name!r}" + (f"; the closest layers are {', '.join(close)}" if close else "")


def named_network(network: nn.Module) -> nn.Module:
    """Return the network whose submodules have the names that a user knows."""
    own = getattr(network, "explained_network", None)
    return own if isinstance(own, nn.Module) else network


def convolutional_layers(network: nn.Module) -> list[str]:
    """Return the paths of the network's convolutions, in the order in which it names them."""
    return [name for name, module in network.named_modules() if name and isinstance(module, nn.Conv2d)]


def not_a_layer(network: nn.Module, found: str, generator: str) -> BadSetting:
    """Return the error that names the layers there are."""
    names = ", ".join(convolutional_layers(named_network(network))) or "none of this network"
    return BadSetting(
        expected="a layer with activations (image, channel, y, x), or tokens (image, token, channel) that are a square "
        f"grid with or without a class token, such as {names}",
        found=found,
        where=f"[saliency.{generator}] layer",
        remedy="name one of these or a block that holds some of them; without the key the last feature map is taken",
    )


def _before_last_attention(modules: Mapping[str, nn.Module]) -> str | None:
    """Return the last layer norm before the last attention, None where a convolution follows or there is neither."""
    found = norm = None
    for name, module in modules.items():
        if isinstance(module, nn.LayerNorm):
            norm = name
        elif isinstance(module, nn.Conv2d):
            found = None
        elif isinstance(module, nn.MultiheadAttention) or type(module).__name__.endswith("Attention"):
            found = norm
    return found


def _has_head(module: nn.Module) -> bool:
    return any(isinstance(part, HEADS) for part in module.modules())
