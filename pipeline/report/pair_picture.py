"""Both images of a pair with their maps and the parts of their match, as one picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from pipeline.report.both_sides import COLOURS
from pipeline.report.overlays import coloured_regions, overlay
from pipeline.report.shown_image import ShownImage

TILE_PX = 320
_GAP_PX, _CAPTION_PX, _FONT_PX = 12, 20, 14
_GROUND, _INK = (255, 255, 255), (40, 40, 40)
FLAT = "flat map"


@dataclass(frozen=True)
class PictureRow:
    """One image as a row of the picture.

    Attributes:
        title: caption of the image.
        image: as people see it.
        map_title: caption of its map.
        map_hw: over the model's view of the image (y, x).
        regions: of each part of the match, over the model's view, at least 0.
    """

    title: str
    image: ShownImage
    map_title: str
    map_hw: npt.NDArray[np.floating[Any]]
    regions: Sequence[npt.NDArray[np.floating[Any]]]


def pair_picture(rows: Sequence[PictureRow]) -> npt.NDArray[np.uint8]:
    """Return uint8 (y, x, 3): a row an image, with the image, its map, and the parts of the match in colour.

    A map without contrast, and a match without parts, leave the image as it is.
    """
    width, tiles = 3 * TILE_PX + 4 * _GAP_PX, [_tiles(row) for row in rows]
    heights = [max(len(pixels_hwc) for _, pixels_hwc in of_row) + _CAPTION_PX + _GAP_PX for of_row in tiles]
    sheet = Image.new("RGB", (width, sum(heights) + _GAP_PX), _GROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(_FONT_PX)
    top = _GAP_PX
    for of_row, height in zip(tiles, heights, strict=True):
        for column, (caption, pixels_hwc) in enumerate(of_row):
            left = _GAP_PX + column * (TILE_PX + _GAP_PX)
            draw.text((left, top), _fitting(caption, font), fill=_INK, font=font)
            sheet.paste(Image.fromarray(pixels_hwc), (left, top + _CAPTION_PX))
        top += height
    return np.asarray(sheet)


def _tiles(row: PictureRow) -> list[tuple[str, npt.NDArray[np.uint8]]]:
    """Return the captioned pictures of a row, each with a long side of TILE_PX."""
    shown = Image.fromarray(row.image.pixels_hwc)
    scale = TILE_PX / max(shown.size)
    size = (max(1, round(shown.width * scale)), max(1, round(shown.height * scale)))
    plain = np.asarray(shown.resize(size, Image.Resampling.LANCZOS))
    map_hwc = overlay(row.image, row.map_hw, TILE_PX)
    map_title = row.map_title if map_hwc is not None else f"{row.map_title}: {FLAT}"
    regions = list(row.regions)[: len(COLOURS)]
    parts = coloured_regions(row.image, regions, COLOURS[: len(regions)], TILE_PX) if regions else plain
    return [
        (row.title, plain),
        (map_title, plain if map_hwc is None else map_hwc),
        ("parts of the match" if regions else "no parts", parts),
    ]


def _fitting(caption: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Return the caption, with dots in its middle where it is wider than a tile."""
    shown, keep = caption, len(caption)
    while font.getlength(shown) > TILE_PX and keep > 2:
        keep -= 2
        shown = f"{caption[: keep // 2]}...{caption[len(caption) - keep // 2 :]}"
    return shown
