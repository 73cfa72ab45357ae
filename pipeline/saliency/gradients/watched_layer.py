"""A layer's output, seen while images pass, with gradients that end there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def watched_layer(network: nn.Module, layer: nn.Module) -> Iterator[list[torch.Tensor]]:
    """Collect the layer's outputs, cut off from what is before them, so that gradients end there.

    Parameters get no gradients meanwhile: nothing is remembered of the network before the layer.
    """
    seen: list[torch.Tensor] = []

    def cut(_layer: nn.Module, _inputs: object, output: object) -> torch.Tensor | None:
        if not isinstance(output, torch.Tensor) or not output.is_floating_point():
            return None
        seen.append(output.detach().requires_grad_())
        # A copy, because what follows may work in place, which neither a leaf nor its kept values could bear.
        return seen[-1].clone()

    learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
    handle = layer.register_forward_hook(cut)
    try:
        for parameter in learned:
            parameter.requires_grad_(False)
        yield seen
    finally:
        handle.remove()
        for parameter in learned:
            parameter.requires_grad_(True)


def describe_outputs(seen: Sequence[torch.Tensor]) -> str:
    """Return, for messages, what a layer put out in one pass."""
    shapes = ", ".join(str(tuple(output.shape)) for output in seen)
    return f"{len(seen)} outputs in one pass: {shapes}" if seen else "no output that is a tensor"
