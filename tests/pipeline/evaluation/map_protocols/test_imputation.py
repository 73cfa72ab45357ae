"""Removed pixels filled in: against sweeps until nothing moves, and on images whose filling is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

import tests.oracles.map_protocols as oracle
from pipeline.errors import BadDataset
from pipeline.evaluation.map_protocols import imputation
from tests.pipeline.evaluation.broken_copy import broken_copy


class Silent:
    """Draws noise that is none."""

    def normal(self, mean, deviation, shape):
        return np.full(shape, float(mean))


def compare_with_oracle(module):
    rng = np.random.default_rng(0)
    for share in (0.2, 0.6, 0.9):
        pixels, removed = rng.integers(0, 256, (7, 6, 2)).astype(np.uint8), rng.random((7, 6)) < share
        removed[3, 3] = False
        filled = module.impute_pixels(pixels, removed, Silent())
        expected = [oracle.imputed(pixels[:, :, channel].tolist(), removed.tolist()) for channel in range(2)]
        expected = np.moveaxis(np.array(expected), 0, 2)
        # Half a level: the result is rounded to whole ones.
        assert np.abs(filled - expected).max() <= 0.5 + 1e-6
        assert np.array_equal(filled[~removed], pixels[~removed])


def test_each_removed_pixel_is_the_mean_of_its_neighbours():
    compare_with_oracle(imputation)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("ACROSS = 1 / 6, 1 / 12", "ACROSS = 1 / 12, 1 / 6"),
        ("total_n[inside] += weight", "total_n += weight"),
        ("weight * pixels_hwc[y[known], x[known]]", "weight * pixels_hwc[ys[known], xs[known]]"),
        ("(y < height)", "(y < height - 1)"),
    ],
)
def test_a_broken_copy_is_noticed(tmp_path, right, wrong):
    broken = broken_copy(imputation, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        compare_with_oracle(broken)


def test_a_hole_in_one_colour_vanishes_and_a_ramp_goes_on():
    removed = np.zeros((9, 9), dtype=bool)
    removed[2:7, 2:7] = True
    plain = np.full((9, 9, 3), 90, dtype=np.uint8)
    assert np.array_equal(imputation.impute_pixels(plain, removed, Silent()), plain)
    ramp = np.repeat(np.arange(9, dtype=np.uint8)[None, :, None] * 20, 9, axis=0)
    assert np.array_equal(imputation.impute_pixels(ramp, removed, Silent()), ramp)


def test_noise_is_small_and_on_removed_pixels_only():
    removed = np.zeros((40, 40), dtype=bool)
    removed[:, :20] = True
    plain = np.full((40, 40, 3), 128, dtype=np.uint8)
    filled = imputation.impute_pixels(plain, removed, np.random.default_rng(0)).astype(float)
    assert np.array_equal(filled[~removed], plain[~removed])
    assert filled[removed].std() == pytest.approx(2.55, rel=0.1)
    assert filled[removed].mean() == pytest.approx(128, abs=0.3)


def test_nothing_removed_is_the_image_and_all_removed_is_refused():
    pixels = np.random.default_rng(0).integers(0, 256, (4, 4, 3)).astype(np.uint8)
    assert np.array_equal(imputation.impute_pixels(pixels, np.zeros((4, 4), bool), np.random.default_rng(0)), pixels)
    with pytest.raises(BadDataset, match="every pixel removed"):
        imputation.impute_pixels(pixels, np.ones((4, 4), bool), np.random.default_rng(0))


@given(arrays(np.uint8, (5, 5, 1)), arrays(np.bool_, (5, 5)))
def test_filled_pixels_lie_between_the_known_ones(pixels, removed):
    removed[0, 0] = False
    filled = imputation.impute_pixels(pixels, removed, Silent())
    known = pixels[~removed]
    assert known.min() <= filled.min()
    assert filled.max() <= known.max()
