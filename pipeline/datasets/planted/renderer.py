"""Planted items as pixels: shapes with exact coverage, then light, a camera's blur, noise; about 1.5 ms at 64 px.

An item's nuisances never depend on its attributes, so pixels that an edit does not touch stay as they are,
and an edit that changes nothing gives the same bytes.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.datasets.planted import palette
from pipeline.datasets.planted.blur import blur_reach, blurred
from pipeline.datasets.planted.item_edits import Edit, apply_edit
from pipeline.datasets.planted.items import Item, sample_item
from pipeline.datasets.planted.nuisances import Nuisances, draw_nuisances
from pipeline.datasets.planted.part_drawings import OUTLINE_WIDTH, Layer, outlined, part_layers
from pipeline.datasets.planted.patterns import pattern_distance
from pipeline.datasets.planted.shapes import Distances, intersection, pixel_coverage
from pipeline.datasets.planted.silhouettes import body_distance, trim_distance
from pipeline.datasets.planted.spec import PlantedSpec, planted_spec
from pipeline.datasets.planted.vocabulary import PARTS_OF_TYPE
from pipeline.datasets.records import PixelSource


def make_pixels(source: PixelSource, settings: Mapping[str, Any]) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """Return an item's image, uint8 (y, x, channel), and its (width, height) in px.

    Args:
        source: names the item.
        settings: of [dataset], see `planted_spec`.

    Raises:
        BadDataset: the dataset has no item of this id.
    """
    spec = planted_spec(settings)
    return render_item(spec, source.image_id), (spec.image_size_px, spec.image_size_px)


def render_item(spec: PlantedSpec, image_id: str) -> NDArray[np.uint8]:
    """Return the item's image, uint8 (y, x, channel), image_size_px on each side.

    Raises:
        BadDataset: the dataset has no item of this id.
    """
    return _render(spec, sample_item(spec, image_id))


def render_with_edit(spec: PlantedSpec, image_id: str, edit: Edit) -> NDArray[np.uint8]:
    """Return the item's image after one edit, uint8 (y, x, channel), with the same nuisances and noise.

    Raises:
        BadDataset: the dataset has no item of this id.
        BadSetting: the edit names something unknown, or a part that the item's type cannot have.
    """
    return render_with_edits(spec, image_id, (edit,))


def render_with_edits(spec: PlantedSpec, image_id: str, edits: Iterable[Edit]) -> NDArray[np.uint8]:
    """Return the item's image after several edits, likewise; later ones of the same factor or part count.

    Raises:
        BadDataset, BadSetting: see `render_with_edit`.
    """
    return _render(spec, reduce(apply_edit, edits, sample_item(spec, image_id)))


def render_mirrored(spec: PlantedSpec, image_id: str) -> NDArray[np.uint8]:
    """Return the image with its item mirrored left to right about its own centre, uint8 (y, x, channel).

    Place, size, ground, light and noise stay.

    Raises:
        BadDataset: the dataset has no item of this id.
    """
    return _render(spec, sample_item(spec, image_id), mirrored=True)


def item_share(spec: PlantedSpec, image_id: str) -> NDArray[np.float64]:
    """Return how much of each pixel the item covers, float64 (y, x), 0 ground to 1.

    Raises:
        BadDataset: the dataset has no item of this id.
    """
    item = sample_item(spec, image_id)
    nuisances = draw_nuisances(spec, image_id)
    ground_yx = np.ones((spec.image_size_px, spec.image_size_px))
    for distances, _ in _item_layers(item, *_item_coordinates(spec, nuisances)):
        ground_yx = ground_yx * (1 - pixel_coverage(distances, spec.image_size_px * nuisances.scale))
    return blurred(1 - ground_yx, nuisances.blur)


def find_pure_background(spec: PlantedSpec, image_id: str) -> NDArray[np.bool_]:
    """Return bool (y, x): pixels that neither the item nor any part possible for its type touches.

    Raises:
        BadDataset: the dataset has no item of this id.
    """
    item = sample_item(spec, image_id)
    nuisances = draw_nuisances(spec, image_id)
    x, y = _item_coordinates(spec, nuisances)
    layers = [(body_distance(item.item_type, x, y) - OUTLINE_WIDTH, palette.OUTLINE)]
    for part in PARTS_OF_TYPE[item.item_type]:
        layers.extend(part_layers(item.item_type, part, x, y))
    px_per_unit = spec.image_size_px * nuisances.scale
    reach = blur_reach(nuisances.blur) / nuisances.scale
    is_background = np.ones((spec.image_size_px, spec.image_size_px), dtype=np.bool_)
    for distances, _ in layers:
        is_background &= pixel_coverage(distances - reach, px_per_unit) == 0
    return is_background


def _render(spec: PlantedSpec, item: Item, mirrored: bool = False) -> NDArray[np.uint8]:
    nuisances = draw_nuisances(spec, item.image_id)
    x, y = _item_coordinates(spec, nuisances)
    if mirrored:
        x = -x
    image_chw = np.empty((3, spec.image_size_px, spec.image_size_px), dtype=np.float32)
    image_chw[:] = _as_channels(palette.BACKGROUND[item.value_of("background")])
    for distances, colour in _item_layers(item, x, y):
        _paint(image_chw, distances, colour, spec.image_size_px * nuisances.scale)
    image_chw *= nuisances.light_chw
    image_chw = blurred(image_chw, nuisances.blur)
    image_chw += nuisances.noise_chw
    bytes_chw = np.rint(np.clip(image_chw, 0, 1) * 255).astype(np.uint8)
    return np.ascontiguousarray(bytes_chw.transpose(1, 2, 0))


def _item_coordinates(spec: PlantedSpec, nuisances: Nuisances) -> tuple[Distances, Distances]:
    # x is (1, x) and y is (y, 1): shapes that vary along one axis only stay cheap.
    centres = (np.arange(spec.image_size_px, dtype=np.float32) + 0.5) / spec.image_size_px - 0.5
    x = (centres[None, :] - nuisances.shift_x) / nuisances.scale
    y = (centres[:, None] - nuisances.shift_y) / nuisances.scale
    return x, y


def _item_layers(item: Item, x: Distances, y: Distances) -> list[Layer]:
    body = body_distance(item.item_type, x, y)
    colour = item.value_of("body_colour")
    layers: list[Layer] = list(outlined(body, palette.BODY[colour]))
    ink = pattern_distance(item.value_of("pattern"), x, y)
    if ink is not None:
        layers.append((intersection(body, ink), palette.INK[colour]))
    trim = intersection(body, trim_distance(item.item_type, x, y))
    seam = intersection(body, trim - OUTLINE_WIDTH)
    layers += [(seam, palette.OUTLINE), (trim, palette.TRIM[item.value_of("trim_colour")])]
    for part in item.parts:
        layers += part_layers(item.item_type, part, x, y)
    return layers


def _paint(image_chw: NDArray[np.float32], distances: Distances, colour: palette.Colour, px: float) -> None:
    coverage_yx = pixel_coverage(distances, px)
    rows = np.flatnonzero(coverage_yx.any(axis=1))
    if rows.size == 0:
        return
    columns = np.flatnonzero(coverage_yx.any(axis=0))
    # Blending is the most expensive step, and most shapes reach little of the image.
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    reached_chw = image_chw[:, window[0], window[1]]
    reached_chw += coverage_yx[window] * (_as_channels(colour) - reached_chw)


def _as_channels(colour: palette.Colour) -> NDArray[np.float32]:
    return np.array(colour, dtype=np.float32)[:, None, None]
