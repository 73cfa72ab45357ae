"""Area averaging against loops over pixels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.area_pooling import area_weights, pool_to_cells


def pooled_by_loops(map_hw: np.ndarray, cells: int) -> np.ndarray:
    height, width = map_hw.shape
    result = np.zeros((cells, cells))
    for cell_y in range(cells):
        for cell_x in range(cells):
            total, area = 0.0, 0.0
            for y in range(height):
                for x in range(width):
                    share_y = min((cell_y + 1) * height / cells, y + 1) - max(cell_y * height / cells, y)
                    share_x = min((cell_x + 1) * width / cells, x + 1) - max(cell_x * width / cells, x)
                    share = max(share_y, 0) * max(share_x, 0)
                    total += share * float(map_hw[y, x])
                    area += share
            result[cell_y, cell_x] = total / area
    return result


@given(height=st.integers(1, 12), width=st.integers(1, 12), cells=st.integers(1, 7), seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_equals_loops(height: int, width: int, cells: int, seed: int) -> None:
    maps = np.random.default_rng(seed).normal(size=(2, height, width)).astype(np.float32)
    pooled = pool_to_cells(maps, cells)
    assert pooled.dtype == np.float64
    np.testing.assert_allclose(pooled, [pooled_by_loops(one, cells) for one in maps], atol=1e-12)
    np.testing.assert_allclose(pooled.mean(axis=(1, 2)), maps.mean(axis=(1, 2), dtype=np.float64), atol=1e-12)


def test_comparator_rejects_broken_copies() -> None:
    maps = np.random.default_rng(0).normal(size=(1, 7, 10))
    expected = pooled_by_loops(maps[0], 4)
    pooled = pool_to_cells(maps, 4)[0]
    np.testing.assert_allclose(pooled, expected, atol=1e-12)
    broken = {
        "x and y swapped": pooled.T,
        "sign": -pooled,
        "off by one pixel": pool_to_cells(np.roll(maps, 1, axis=2), 4)[0],
        "sum for mean": pooled * (7 / 4) * (10 / 4),
        "nearest pixel": maps[0][np.ix_([0, 2, 4, 6], [1, 3, 6, 8])],
    }
    for name, wrong in broken.items():
        assert np.abs(wrong - expected).max() > 1e-3, name


@given(size_px=st.integers(1, 60), cells=st.integers(1, 20))
def test_weights_of_a_cell_sum_to_one(size_px: int, cells: int) -> None:
    weights = area_weights(size_px, cells)
    assert weights.shape == (cells, size_px)
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    np.testing.assert_allclose(weights.sum(axis=0), cells / size_px)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_missing_map_stays_missing_and_alone(value: float) -> None:
    maps = np.ones((3, 8, 8), dtype=np.float16)
    maps[1, 3, 4] = value
    pooled = pool_to_cells(maps, 4)
    assert np.isnan(pooled[1]).all()
    np.testing.assert_array_equal(pooled[[0, 2]], np.ones((2, 4, 4)))
    assert not np.isfinite(maps[1, 3, 4])  # the caller's array is left as it was


def test_blocks_do_not_show() -> None:
    maps = np.random.default_rng(1).normal(size=(600, 5, 5))
    np.testing.assert_array_equal(pool_to_cells(maps, 2), np.concatenate([pool_to_cells(m[None], 2) for m in maps]))
    assert pool_to_cells(maps[:0], 2).shape == (0, 2, 2)
