"""A small network and the program that torch.export makes of it."""

import io
from functools import lru_cache

import torch
from torch import nn

SIDE_PX = 16


def small_network() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layers = [nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 12)]
        return nn.Sequential(*layers).eval()


@lru_cache(maxsize=2)
def exported(any_number: bool = True) -> bytes:
    """Return the file's content; for images of SIDE_PX, any number of them or one at a time."""
    example = torch.rand(2 if any_number else 1, 3, SIDE_PX, SIDE_PX)
    shapes = ({0: torch.export.Dim("images")},) if any_number else None
    written = io.BytesIO()
    torch.export.save(torch.export.export(small_network(), (example,), dynamic_shapes=shapes), written)
    return written.getvalue()
