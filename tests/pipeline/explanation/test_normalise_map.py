"""Maps become distributions over cells whatever their size, scale and offset."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from pipeline.area_pooling import area_weights, pool_to_cells
from pipeline.errors import BadSetting
from pipeline.explanation.normalise_map import (
    MapNormalisation,
    apply_normalisation,
    code_normalisation,
    map_normalisation,
    normalise_map,
    target_entropy,
)
from tests.oracles import normalise_map as oracle


def smooth_maps(n_maps: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(n_maps, height, width))
    smooth = gaussian_filter(noise, sigma=(0, height / 7, width / 7))
    return smooth / smooth.std(axis=(1, 2), keepdims=True)


@pytest.mark.parametrize("size", [(8, 8), (9, 13), (28, 28), (4, 4), (3, 5), (1, 2)])
def test_equals_oracle_for_any_size(size: tuple[int, int]) -> None:
    maps = smooth_maps(3, *size, seed=1) if min(size) > 2 else np.random.default_rng(1).normal(size=(3, *size))
    expected = np.array([oracle.normalise(one) for one in maps])
    np.testing.assert_allclose(normalise_map(maps), expected, atol=1e-6)
    np.testing.assert_allclose(target_entropy(expected), [oracle.entropy_nats(one) for one in expected], atol=1e-9)


def test_comparator_rejects_broken_copies() -> None:
    maps = smooth_maps(3, 9, 13, seed=1)
    expected = np.array([oracle.normalise(one) for one in maps])
    broken = {
        "sign": normalise_map(-maps),
        "axes swapped": normalise_map(maps).transpose(0, 2, 1),
        "whole pixels only": normalise_map(maps[:, :8, :12]),
        "temperature inverted": normalise_map(maps, inverse_temperature=1 / 3),
        "not standardised": apply_normalisation(maps, MapNormalisation(standardise=False)),
    }
    for copy in broken.values():
        with pytest.raises(AssertionError):
            np.testing.assert_allclose(copy, expected, atol=1e-6)


def test_fractional_area_weights_are_exact() -> None:
    np.testing.assert_allclose(area_weights(3, 2), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]])
    np.testing.assert_allclose(area_weights(1, 2), [[1], [1]])
    np.testing.assert_array_equal(area_weights(4, 4), np.eye(4))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    height=st.integers(2, 20),
    width=st.integers(2, 20),
    cells=st.integers(1, 6),
    scale=st.floats(1e-6, 1e6),
    offset=st.floats(-5, 5),
)
def test_rows_are_distributions_free_of_scale_and_offset(
    seed: int, height: int, width: int, cells: int, scale: float, offset: float
) -> None:
    maps = np.random.default_rng(seed).normal(size=(2, height, width))
    plain = normalise_map(maps, cells)
    assert plain.shape == (2, cells, cells)
    assert plain.dtype == np.float32
    assert plain.min() >= 0
    np.testing.assert_allclose(plain.sum(axis=(1, 2)), 1, atol=1e-5)
    np.testing.assert_allclose(normalise_map(scale * (maps + offset), cells), plain, atol=1e-5)
    np.testing.assert_array_equal(normalise_map(maps[::-1], cells), plain[::-1])


def test_entropy_is_well_under_uniform_on_realistic_maps() -> None:
    # weighted means of blobs by RISE differ by a few hundredths around a large offset
    maps = 0.6 + 0.005 * smooth_maps(200, 28, 28)
    entropies = target_entropy(normalise_map(maps))
    assert entropies.max() < 0.9 * math.log(16)
    assert np.median(entropies) < 0.6 * math.log(16)
    raw = target_entropy(apply_normalisation(maps, MapNormalisation(standardise=False)))
    assert raw.min() > 0.999 * math.log(16)


def test_code_preset_scales_the_raw_map_and_is_nearly_one_hot() -> None:
    maps = 0.6 + 0.02 * smooth_maps(5, 12, 12)
    preset = code_normalisation(2000)
    assert preset == MapNormalisation(4, 1.0, False, 2000.0)
    pooled = np.array([oracle.pool(one, 4) for one in maps]).reshape(5, 16)
    weights = np.exp(2000 * (pooled - pooled.max(axis=1, keepdims=True)))
    expected = (weights / weights.sum(axis=1, keepdims=True)).reshape(5, 4, 4)
    np.testing.assert_allclose(apply_normalisation(maps, preset), expected, atol=1e-6)
    assert np.median(target_entropy(expected)) < 0.1 * math.log(16)


def test_a_configuration_reaches_both_rules() -> None:
    assert map_normalisation("standardised", 2.5) == MapNormalisation(inverse_temperature=2.5)
    assert map_normalisation("authors_code", None) == code_normalisation(2000) != map_normalisation("standardised", 1)
    with pytest.raises(BadSetting, match="inverse_temperature"):
        map_normalisation("standardised", None)


def test_constant_maps_are_uniform_and_missing_maps_stay_missing() -> None:
    maps = np.stack([np.full((7, 7), 0.1), np.zeros((7, 7)), np.full((7, 7), np.nan), np.eye(7)])
    maps = maps.astype(np.float32)
    maps[3, 0, 0] = np.inf
    distributions = normalise_map(maps)
    np.testing.assert_array_equal(distributions[:2], np.full((2, 4, 4), 1 / 16, np.float32))
    assert np.isnan(distributions[2:]).all()
    assert np.isnan(target_entropy(distributions)[2:]).all()
    assert target_entropy(distributions)[0] == pytest.approx(math.log(16))


def test_blocks_do_not_change_results() -> None:
    maps = np.random.default_rng(0).random((1100, 5, 5)).astype(np.float16)
    pooled = pool_to_cells(maps, 2)
    np.testing.assert_array_equal(pooled[600:], pool_to_cells(maps[600:], 2))
    assert normalise_map(maps[:0]).shape == (0, 4, 4)
    assert target_entropy(normalise_map(maps[:0])).shape == (0,)


@pytest.mark.parametrize("settings_", [{"cells": 0}, {"inverse_temperature": 0.0}, {"scale": float("nan")}])
def test_impossible_settings_are_refused(settings_: dict[str, float]) -> None:
    with pytest.raises(BadSetting, match="map normalisation"):
        MapNormalisation(**settings_)  # type: ignore[arg-type]


def test_maps_with_more_axes_are_refused() -> None:
    with pytest.raises(BadSetting, match="flatten"):
        normalise_map(np.zeros((2, 5, 4, 4)))
