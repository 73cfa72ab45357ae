"""Sizes of image files from their headers alone."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from pipeline.datasets.image_decoding import LARGEST_IMAGE_PIXELS, READABLE_FORMATS

_ORIENTATION = 0x0112
_TURNED_BY_A_QUARTER = (5, 6, 7, 8)


@dataclass(frozen=True)
class ImageSizes:
    """(width, height) in px of the upright images that can be opened, and the paths of the others, by path."""

    size_px_by_path: dict[str, tuple[int, int]]
    unreadable: tuple[str, ...]


def read_image_sizes(root: Path, paths: Iterable[str]) -> ImageSizes:
    """Return the sizes of image files; pixels are not decoded, so a file that breaks off later counts as readable.

    Args:
        root: the folder of the dataset.
        paths: relative to it.
    """
    sizes: dict[str, tuple[int, int]] = {}
    unreadable = []
    for path in paths:
        size_px = _size_of(root / path)
        if size_px is None:
            unreadable.append(path)
        else:
            sizes[path] = size_px
    return ImageSizes(sizes, tuple(unreadable))


def _size_of(file: Path) -> tuple[int, int] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the limit below is ours
            with Image.open(file, formats=READABLE_FORMATS) as image:
                width, height = image.size
                is_turned = image.getexif().get(_ORIENTATION) in _TURNED_BY_A_QUARTER
    except Exception:  # decoders raise many types on hostile input: all mean "unreadable"
        return None
    if not 0 < width * height <= LARGEST_IMAGE_PIXELS:
        return None
    return (height, width) if is_turned else (width, height)
