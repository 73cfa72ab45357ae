"""Sensitivity to noise: loops, noise keyed by query, and generators whose sensitivity is known."""

import numpy as np
import pytest

import tests.oracles.map_protocols as oracle
from pipeline.evaluation.map_protocols import max_sensitivity
from pipeline.evaluation.map_protocols.max_sensitivity import noisy_copies, sensitivity_of_query
from pipeline.evaluation.map_protocols.protocol import Noise
from pipeline.saliency.contract import SaliencyMaps, SaliencyRequest
from tests.pipeline.evaluation.broken_copy import broken_copy

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 7, 3)).astype(np.uint8)
REFERENCES = np.eye(2, 4, dtype=np.float32)


def compare_with_oracle(module):
    rng = np.random.default_rng(0)
    for _ in range(10):
        saliency, noisy = rng.normal(size=(4, 5)), rng.normal(size=(3, 4, 5))
        expected = oracle.sensitivity(saliency, noisy)
        assert module.max_sensitivity(saliency, noisy) == pytest.approx(expected, abs=1e-12)


def test_it_is_the_definition():
    compare_with_oracle(max_sensitivity)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("axis=(1, 2)).max() / length", "axis=(1, 2)).mean() / length"),
        (" - plain\n", "\n"),
        (".max() / length", ".max()"),
    ],
)
def test_a_broken_copy_is_noticed(tmp_path, right, wrong):
    broken = broken_copy(max_sensitivity, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        compare_with_oracle(broken)


def test_a_map_of_zeros_has_no_relative_change():
    assert np.isnan(max_sensitivity.max_sensitivity(np.zeros((2, 2)), np.ones((1, 2, 2))))


def test_noise_stays_within_its_radius_and_belongs_to_the_query():
    copies = noisy_copies(PIXELS, "a", Noise(1, draws=4, radius_levels=3))
    changes = copies.astype(int) - PIXELS
    assert copies.shape == (4, 6, 7, 3)
    assert copies.dtype == np.uint8
    assert set(np.unique(changes)) == set(range(-3, 4))
    # More draws leave the first ones as they are.
    assert np.array_equal(noisy_copies(PIXELS, "a", Noise(1, draws=2, radius_levels=3)), copies[:2])
    for other in (noisy_copies(PIXELS, "b", Noise(1, 4, 3)), noisy_copies(PIXELS, "a", Noise(2, 4, 3))):
        assert not np.array_equal(other, copies)


def brightness(requests):
    """Maps that are the query's brightness, times one more for each further reference; half a pass an image."""
    results = []
    for request in requests:
        assert request.perturbed_embeddings_nd is None
        assert request.query_id == "q"
        one = request.pixels_hwc.mean(axis=2, dtype=np.float64)
        maps = np.stack([one, 0 * one + 4]).astype(np.float32)
        results.append(SaliencyMaps(maps, maps, forward_passes=5, gradient_passes=2))
    return results


def test_a_query_is_judged_by_the_maps_of_its_noisy_copies():
    request = SaliencyRequest("q", PIXELS, REFERENCES, perturbed_embeddings_nd=np.zeros((3, 4), np.float16))
    maps = np.stack([PIXELS.mean(axis=2), np.full((6, 7), 4.0)])
    noise = Noise(0, draws=3)
    found = sensitivity_of_query(brightness, request, maps, noise)
    copies = noisy_copies(PIXELS, "q", noise).mean(axis=3)
    assert found.sensitivity_k[0] == pytest.approx(oracle.sensitivity(maps[0], copies), rel=1e-6)
    # A map that does not depend on the query does not move.
    assert found.sensitivity_k[1] == 0
    assert (found.forward_passes, found.gradient_passes) == (15, 6)
