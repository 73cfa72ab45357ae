"""Batches of the sizes that an exported program takes: it may have been exported for one size, or up to a largest."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.export import ExportedProgram

# Torch takes two images at least for any number of them where an export leaves the size to it, and never checks that.
LEAST_ASSUMED = 2
UNLIMITED = 2**31


@dataclass(frozen=True)
class BatchLimits:
    """How many images a program takes in one pass.

    Attributes:
        smallest: at least.
        largest: at most, None: any number.
    """

    smallest: int = 1
    largest: int | None = None

    def describe(self) -> str | None:
        """Return the limits in words, None where there are none."""
        if self.smallest == self.largest:
            return f"exactly {self.largest}"
        words = [f"at least {self.smallest}"] if self.smallest > 1 else []
        words += [f"at most {self.largest}"] if self.largest is not None else []
        return " and ".join(words) or None


def batch_limits(program: ExportedProgram) -> BatchLimits:
    """Return how many images a program takes, as far as its first input says."""
    names = program.graph_signature.user_inputs
    inputs = [node for node in program.graph.nodes if node.op == "placeholder" and node.name in names]
    example = inputs[0].meta.get("val") if inputs else None
    if not isinstance(example, torch.Tensor) or not example.ndim:
        return BatchLimits()
    # A plain number, or a symbol where there may be several.
    images: Any = example.shape[0]
    if isinstance(images, int):
        return BatchLimits(images, images)
    limits = program.range_constraints.get(images.node.expr)
    if limits is None:
        return BatchLimits()
    smallest = int(limits.lower)
    # Torch has several infinities, none of which makes an int.
    largest = int(limits.upper) if bool(limits.upper < UNLIMITED) else None
    return BatchLimits(1 if smallest <= LEAST_ASSUMED else smallest, largest)


class BatchedProgram(nn.Module):
    """A program that takes any number of images: in passes of sizes that it was exported for.

    A batch beyond the largest is cut; one below the smallest is filled up with copies of its last image, whose vectors
    are thrown away.

    Args:
        program: maps images (image, 3, y, x) to vectors (image, D).
        limits: of its passes.
    """

    def __init__(self, program: nn.Module, limits: BatchLimits) -> None:
        super().__init__()
        self.program = program
        self.limits = limits

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        """Return the vectors of all images."""
        parts = torch.split(images_nchw, self.limits.largest or len(images_nchw))
        found = [self._vectors(part) for part in parts]
        return found[0] if len(found) == 1 else torch.cat(found)

    def _vectors(self, images_nchw: torch.Tensor) -> torch.Tensor:
        missing = self.limits.smallest - len(images_nchw)
        if missing <= 0:
            return self.program(images_nchw)  # type: ignore[no-any-return]
        filled = torch.cat([images_nchw, images_nchw[-1:].expand(missing, -1, -1, -1)])
        found = self.program(filled)
        # Anything else is for the caller to refuse, by its shape as it is.
        is_per_image = isinstance(found, torch.Tensor) and found.ndim > 0 and len(found) == len(filled)
        return found[: len(images_nchw)] if is_per_image else found  # type: ignore[no-any-return]
