"""RISE masks against the oracle, and what holds whatever the settings."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import BadSetting
from pipeline.saliency.rise import masks
from pipeline.saliency.rise.masks import MaskDraws, draw_masks, render_masks
from tests.oracles import rise as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.saliency.small_models import oracle_masks

settings_of_masks = given(
    seed=st.integers(0, 2**32),
    n_masks=st.integers(1, 40),
    cells=st.integers(1, 9),
    keep=st.floats(0.05, 0.95),
    size_px=st.integers(9, 33),
)


def assert_equals_oracle(draws: MaskDraws, render: Callable[..., torch.Tensor] = render_masks) -> None:
    np.testing.assert_allclose(render(draws, 0, len(draws)).numpy(), oracle_masks(draws), atol=2e-6)


@settings_of_masks
@settings(max_examples=25, deadline=None)
def test_masks_equal_the_oracle(seed: int, n_masks: int, cells: int, keep: float, size_px: int) -> None:
    assert_equals_oracle(draw_masks(seed, n_masks, cells, keep, size_px))


@pytest.mark.parametrize("size_px", [64, 112, 224])
def test_masks_equal_the_oracle_at_the_sizes_in_use(size_px: int) -> None:
    draws = draw_masks(1, 12, 8, 0.5, size_px)
    assert draws.cell_size_px == -(-size_px // 8)
    assert_equals_oracle(draws)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("weights_uc[shifts[:, 0, None] + offsets]", "weights_uc[shifts[:, 1, None] + offsets]"),
        ("shifts[:, 0, None] + offsets]", "(shifts[:, 0, None] + 1) + offsets]"),
        ("shifts[:, 1, None] + offsets.", "(shifts[:, 1, None] - 1).clamp_min(0) + offsets."),
        ("torch.bmm(rows_nyc, grids)", "torch.bmm(rows_nyc, grids.mT)"),
        ("torch.bmm(rows_nyc, grids)", "torch.bmm(rows_nyc, 1 - grids)"),
        ("(cells + 1) * draws.cell_size_px), device", "cells * draws.cell_size_px + draws.cell_size_px - 1), device"),
        ("align_corners=False", "align_corners=True"),
    ],
    ids=["x for y", "y off by one", "x off by one", "grid transposed", "inverted", "size off by one", "corners"],
)
def test_comparator_rejects_broken_copies(tmp_path: Path, right: str, wrong: str) -> None:
    draws = draw_masks(1, 12, 8, 0.5, 64)
    broken = broken_copy(masks, tmp_path, right, wrong)
    with pytest.raises((AssertionError, IndexError)):
        assert_equals_oracle(draws, broken.render_masks)


def test_upsampling_by_hand() -> None:
    # Two cells enlarged to six pixels: centres at -1/3, 0, 1/3, 2/3, 1, 4/3 of a cell, clamped at the border.
    grid = np.array([[[False, True], [False, True]]])
    draws = MaskDraws(grid, np.array([[0, 1]]), cell_size_px=2, image_size_px=4)
    expected = [0, 1 / 3, 2 / 3, 1]
    np.testing.assert_allclose(render_masks(draws, 0, 1)[0].numpy(), [expected] * 4, atol=1e-7)


@settings_of_masks
@settings(max_examples=25, deadline=None)
def test_values_lie_between_removed_and_kept(seed: int, n_masks: int, cells: int, keep: float, size_px: int) -> None:
    draws = draw_masks(seed, n_masks, cells, keep, size_px)
    rendered = render_masks(draws, 0, n_masks)
    assert rendered.dtype == torch.float32
    assert rendered.shape == (n_masks, size_px, size_px)
    assert rendered.min() >= 0
    assert rendered.max() <= 1 + 1e-6
    assert draws.shifts_n2.min() >= 0
    assert draws.shifts_n2.max() < draws.cell_size_px


@settings_of_masks
@settings(max_examples=25, deadline=None)
def test_masks_are_the_same_bytes_however_they_are_batched(
    seed: int, n_masks: int, cells: int, keep: float, size_px: int
) -> None:
    draws = draw_masks(seed, n_masks, cells, keep, size_px)
    together = render_masks(draws, 0, n_masks)
    step = max(1, n_masks // 3)
    parts = [render_masks(draws, start, min(start + step, n_masks)) for start in range(0, n_masks, step)]
    assert together.numpy().tobytes() == torch.cat(parts).numpy().tobytes()


@settings_of_masks
@settings(max_examples=25, deadline=None)
def test_more_masks_begin_with_the_fewer(seed: int, n_masks: int, cells: int, keep: float, size_px: int) -> None:
    fewer = draw_masks(seed, n_masks, cells, keep, size_px)
    more = draw_masks(seed, n_masks + 7, cells, keep, size_px)
    np.testing.assert_array_equal(more.grids_ncc[:n_masks], fewer.grids_ncc)
    np.testing.assert_array_equal(more.shifts_n2[:n_masks], fewer.shifts_n2)


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.8])
def test_mean_is_the_keep_probability(keep: float) -> None:
    draws = draw_masks(5, 2000, 8, keep, 24)
    assert draws.grids_ncc.mean() == pytest.approx(keep, abs=0.01)
    # Every pixel, the border's too: 2,000 draws have a standard error of 0.011 at most.
    assert np.abs(render_masks(draws, 0, 2000).numpy().mean(axis=0) - keep).max() < 0.05


def test_shifts_take_every_value_about_equally_often() -> None:
    draws = draw_masks(5, 4000, 8, 0.5, 64)
    for axis in range(2):
        counts = np.bincount(draws.shifts_n2[:, axis], minlength=8)
        assert len(counts) == 8
        assert np.abs(counts - 500).max() < 5 * np.sqrt(500)


def test_seeds_differ_and_repeat() -> None:
    first, again, other = (draw_masks(seed, 20, 8, 0.5, 64) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.grids_ncc, again.grids_ncc)
    assert (first.grids_ncc != other.grids_ncc).any()
    assert (first.shifts_n2 != other.shifts_n2).any()


def test_repeated_channels_hold_the_same_mask() -> None:
    draws = draw_masks(1, 5, 8, 0.5, 20)
    interleaved = render_masks(draws, 1, 4, channels=3).reshape(3, 20, 20, 3)
    for channel in range(3):
        torch.testing.assert_close(interleaved[..., channel], render_masks(draws, 1, 4), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("n_masks", "cells", "keep"), [(0, 8, 0.5), (10, 0, 0.5), (10, 33, 0.5), (10, 8, 0.0), (10, 8, 1.0)]
)
def test_settings_out_of_range_are_refused(n_masks: int, cells: int, keep: float) -> None:
    with pytest.raises(BadSetting, match=f"masks {n_masks}, grid_cells {cells}, keep_probability {keep}"):
        draw_masks(0, n_masks, cells, keep, 32)


def test_oracle_crops_the_enlarged_grid() -> None:
    grid = np.eye(4)
    whole = oracle.mask(grid, np.array([0, 0]), 5, 25)
    np.testing.assert_array_equal(oracle.mask(grid, np.array([3, 1]), 5, 20), whole[3:23, 1:21])
