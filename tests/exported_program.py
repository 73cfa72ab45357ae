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


@lru_cache(maxsize=8)
def exported(images: int | tuple[int, int | None] = (0, None)) -> bytes:
    """Return the file's content; for images of SIDE_PX, so many of them: a number, or a least and a largest one."""
    example = torch.rand(images if isinstance(images, int) else max(2, images[0]), 3, SIDE_PX, SIDE_PX)
    shapes = None
    if not isinstance(images, int):
        least, largest = images
        shapes = ({0: torch.export.Dim("images", min=least or None, max=largest)},)
    written = io.BytesIO()
    torch.export.save(torch.export.export(small_network(), (example,), dynamic_shapes=shapes), written)
    return written.getvalue()
