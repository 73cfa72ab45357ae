"""Components of a match: planted ones are found, whatever is asked holds, and copies that mix sides fail."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.saliency.correspondence.components import METHODS, MatchComponents, match_components

NON_NEGATIVE = ("factors", "coclusters")


def two_parts(noise: float = 0.05) -> np.ndarray:
    """Return joint effects of 6 x 7 cells: cells 0-1 with 5-6, stronger, and cells 3-5 with 0-2."""
    joint = np.abs(np.random.default_rng(1).standard_normal((6, 7))) * noise
    joint[np.ix_([0, 1], [5, 6])] += 3
    joint[np.ix_([3, 4, 5], [0, 1, 2])] += 1
    return joint


def regions_of(found: MatchComponents, number: int) -> tuple[set[int], set[int]]:
    query, reference = found.query_ku[number], found.reference_kv[number]
    return set(np.flatnonzero(query > query.max() / 2)), set(np.flatnonzero(reference > reference.max() / 2))


@pytest.mark.parametrize("method", METHODS)
def test_planted_parts_are_paired_strongest_first(method: str) -> None:
    found = match_components(two_parts(), 2, method)
    assert regions_of(found, 0) == ({0, 1}, {5, 6})
    assert regions_of(found, 1) == ({3, 4, 5}, {0, 1, 2})
    assert found.share_k[0] > found.share_k[1] > 0.2
    # The transposed match has the same components with their sides swapped.
    swapped = match_components(two_parts().T, 2, method)
    assert regions_of(swapped, 0) == ({5, 6}, {0, 1})


def test_factors_add_up_to_the_whole() -> None:
    joint = two_parts() - 0.02
    found = match_components(joint, 3, "factors")
    assert found.share_k.sum() == pytest.approx(1, abs=1e-3)
    rebuilt = np.einsum("k,ku,kv->uv", found.joint_k, found.query_ku, found.reference_kv)
    assert np.abs(rebuilt - np.maximum(joint, 0)).mean() < 0.03


def test_singular_components_are_numpys() -> None:
    joint = np.random.default_rng(4).standard_normal((5, 5))
    found = match_components(joint, 5, "singular")
    left, values, right = np.linalg.svd(joint)
    assert found.joint_k.sum() == pytest.approx(joint.sum())
    for query, reference in zip(found.query_ku, found.reference_kv, strict=True):
        number = int(np.abs(left.T @ query).argmax())
        assert query @ joint @ reference == pytest.approx(values[number])
        assert abs(right[number] @ reference) == pytest.approx(1)


@pytest.mark.parametrize("method", METHODS)
def test_no_joint_effect_has_no_component(method: str) -> None:
    found = match_components(np.full((3, 4), -1.0), 2, method)
    assert found.query_ku.shape == (0, 3)
    assert found.reference_kv.shape == (0, 4)
    assert len(found.joint_k) == len(found.share_k) == 0


@pytest.mark.parametrize("method", NON_NEGATIVE)
def test_one_row_of_effects_has_one_component(method: str) -> None:
    joint = np.zeros((4, 4))
    joint[2] = [0, 1, 2, 0]
    found = match_components(joint, 3, method)
    assert len(found.joint_k) == 1
    np.testing.assert_allclose(found.query_ku[0], [0, 0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(found.reference_kv[0], [0, 1 / 3, 2 / 3, 0], atol=1e-3)


@given(
    joint=hnp.arrays(np.float64, (6, 6), elements=st.floats(-1, 1, width=16)),
    components=st.integers(1, 4),
    method=st.sampled_from(NON_NEGATIVE),
)
def test_regions_sum_to_one_and_parts_come_largest_first(joint: np.ndarray, components: int, method: str) -> None:
    found = match_components(joint, components, method)
    assert len(found.joint_k) <= components
    assert (np.diff(found.joint_k) <= 1e-12).all()
    assert (found.query_ku >= 0).all()
    assert (found.reference_kv >= 0).all()
    for region in (*found.query_ku, *found.reference_kv):
        assert region.sum() == pytest.approx(1, abs=1e-6) or region.sum() == 0
    assert found.joint_k.sum() <= np.maximum(joint, 0).sum() * 1.01 + 1e-9


@pytest.mark.parametrize("method", METHODS)
def test_the_same_match_has_the_same_components_twice(method: str) -> None:
    first, second = (match_components(two_parts(0.5), 2, method) for _ in range(2))
    np.testing.assert_array_equal(first.query_ku, second.query_ku)
    np.testing.assert_array_equal(first.joint_k, second.joint_k)
