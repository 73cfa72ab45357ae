"""Both images of a pair as one picture."""

import numpy as np

from pipeline.report.pair_picture import TILE_PX, PictureRow, pair_picture
from pipeline.report.shown_image import ShownImage

RNG = np.random.default_rng(0)


def row(shape: tuple[int, int], map_hw: np.ndarray, regions: list[np.ndarray], title: str = "query") -> PictureRow:
    image = ShownImage(RNG.integers(0, 256, (*shape, 3), dtype=np.uint8))
    return PictureRow(title, image, "map", map_hw, regions)


def corner(place: tuple[int, int]) -> np.ndarray:
    map_hw = np.zeros((8, 8))
    map_hw[place] = 1
    return map_hw


def test_rows_are_as_high_as_their_images() -> None:
    square = pair_picture([row((40, 40), corner((0, 0)), [])])
    flat = pair_picture([row((20, 40), corner((0, 0)), [])])
    assert square.dtype == np.uint8
    assert square.shape[1] == flat.shape[1] > 3 * TILE_PX
    assert square.shape[0] - flat.shape[0] == TILE_PX // 2
    both = pair_picture([row((40, 40), corner((0, 0)), []), row((20, 40), corner((0, 0)), [])])
    assert both.shape[0] > square.shape[0] + TILE_PX // 2


def test_map_and_parts_are_where_they_lie() -> None:
    grey = ShownImage(np.full((40, 40, 3), 100, np.uint8))
    picture = pair_picture([PictureRow("query", grey, "map", corner((0, 0)), [corner((7, 7))])]).astype(int)
    top = picture.shape[0] - TILE_PX - 24
    tiles = [picture[top:, 12 + n * (TILE_PX + 12) :][:, :TILE_PX] for n in range(3)]
    colour = [np.ptp(tile, axis=2) for tile in tiles]
    assert colour[0][40:280].max() == 0
    assert colour[1][20:60, :40].max() > colour[1][200:300, 200:].max()
    assert colour[2][280:310, 285:].max() > 40
    assert colour[2][60:200, :200].max() < 10


def test_a_flat_map_and_no_parts_leave_the_image() -> None:
    picture = pair_picture([row((40, 40), np.zeros((8, 8)), [])])
    first, second, third = (picture[60:300, 20 + n * (TILE_PX + 12) :][:, :280] for n in range(3))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, third)


def test_a_long_name_stays_within_its_tile() -> None:
    short = pair_picture([row((40, 40), corner((0, 0)), [], "query: a")])
    long = pair_picture([row((40, 40), corner((0, 0)), [], "query: " + "a" * 300)])
    assert long.shape == short.shape
    assert (long[10:34, 12 + TILE_PX : 24 + TILE_PX] == 255).all()
