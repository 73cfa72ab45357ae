"""What labels can tell apart: exact cases, against a slow copy, and broken copies that must fail."""

import dataclasses

import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.explanation.separability import Separability, separability
from tests.oracles import separability as oracle


def one_hot(values: np.ndarray, n_values: int) -> np.ndarray:
    return np.arange(n_values) == values[:, None]


def class_level(seed: int, n_classes: int = 7, n_attributes: int = 14) -> np.ndarray:
    rng = np.random.default_rng(seed)
    matrix = rng.random((n_classes, n_attributes)) < rng.uniform(0.2, 0.8, n_attributes)
    return np.repeat(matrix, rng.integers(3, 20, n_classes), axis=0)


def factors_and_parts(seed: int) -> tuple[np.ndarray, list[int]]:
    """A factor of four values, two parts that nearly always agree, and a third."""
    rng = np.random.default_rng(seed)
    part = rng.random(300) < 0.5
    parts = np.stack([part, part ^ (rng.random(300) < 0.004), rng.random(300) < 0.3], axis=1)
    return np.concatenate([one_hot(rng.integers(0, 4, 300), 4), parts], axis=1), [0, 0, 0, 0, -1, -1, -1]


def as_sets(found: Separability) -> list[dict[int, int]]:
    """Return each group's attributes with their signs relative to its first attribute."""
    groups = []
    for group in range(found.n_groups):
        members = np.flatnonzero(found.group_a == group).tolist()
        groups.append({a: int(found.sign_a[a] * found.sign_a[members[0]]) for a in members})
    return groups


def assert_same(found: Separability, labels: np.ndarray, factors: list[int], limits: tuple[float, float]) -> None:
    expected = oracle.groups(labels, factors, *limits)
    key = [sorted(group.items()) for group in as_sets(found)]
    assert key == [sorted((a, s * group[min(group)]) for a, s in group.items()) for group in expected]
    varying = [a for a in range(labels.shape[1]) if 0 < labels[:, a].sum() < len(labels)]
    assert found.rank == np.linalg.matrix_rank(labels - labels.mean(axis=0), tol=1e-6)
    alone = oracle.scaled_matrix(labels.astype(float), [{a: 1} for a in varying], factors)
    np.testing.assert_allclose(found.condition, oracle.condition(alone), rtol=1e-6)
    means = oracle.scaled_matrix(labels.astype(float), expected, factors)
    np.testing.assert_allclose(found.group_condition, oracle.condition(means), rtol=1e-6)
    for group in expected:
        mean = oracle.unit(oracle.group_column(labels.astype(float), group))
        for a in group:
            np.testing.assert_allclose(found.correlation_a[a], abs(oracle.unit(labels[:, a]) @ mean), atol=1e-9)


def examples() -> list[tuple[np.ndarray, list[int], tuple[float, float]]]:
    classes = [(class_level(seed), [-1] * 14, (0.9, 20.0)) for seed in range(4)]
    return [*classes, (*factors_and_parts(1), (0.95, 30.0)), (*factors_and_parts(2), (1.0, 5.0))]


@pytest.mark.parametrize(("labels", "factors", "limits"), examples())
def test_equals_oracle(labels: np.ndarray, factors: list[int], limits: tuple[float, float]) -> None:
    assert_same(separability(labels, factors, *limits), labels, factors, limits)


def test_comparator_rejects_broken_copies() -> None:
    labels, factors, limits = class_level(1), [-1] * 14, (0.9, 3.0)
    right = separability(labels, factors, *limits)
    others = np.random.default_rng(0).random(labels.shape) < 0.5
    broken = {
        "columns not centred": dataclasses.replace(right, rank=int(np.linalg.matrix_rank(labels.astype(float))) + 1),
        "signs lost": dataclasses.replace(right, sign_a=np.ones(14, dtype=np.int64)),
        "groups of other labels": separability(others, factors, *limits),
        "one group for all": dataclasses.replace(right, group_a=np.zeros(14, dtype=np.int64)),
        "never merged": dataclasses.replace(right, group_a=np.arange(14)),
        "condition of the groups for that of the attributes": dataclasses.replace(
            right, condition=right.group_condition
        ),
        "no limit on the condition": separability(labels, factors, 0.9, 1e9),
        "correlations with the first attribute": dataclasses.replace(right, correlation_a=np.ones(14)),
    }
    assert_same(right, labels, factors, limits)
    for copy in broken.values():
        with pytest.raises(AssertionError):
            assert_same(copy, labels, factors, limits)


def test_identical_and_complementary_columns_are_one_group() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.random(200) < 0.4, rng.random(200) < 0.5
    found = separability(np.stack([first, second, first, ~first, ~second], axis=1), [-1] * 5)
    assert found.group_a.tolist() == [0, 1, 0, 0, 1]
    assert found.sign_a.tolist() == [1, 1, 1, -1, -1]
    np.testing.assert_allclose(found.correlation_a, 1)
    assert found.rank == 2
    assert found.condition == float("inf")
    assert found.group_condition < 1.5


def test_values_of_a_factor_stay_apart_although_one_follows_from_the_others() -> None:
    rng = np.random.default_rng(4)
    labels = np.concatenate([one_hot(rng.integers(0, 5, 400), 5), one_hot(rng.integers(0, 3, 400), 3)], axis=1)
    found = separability(labels, [0] * 5 + [1] * 3)
    assert found.group_a.tolist() == list(range(8))
    assert found.rank == 6  # k - 1 of each factor are free
    assert found.condition == found.group_condition < 3
    # Not told that they are factors: their sums are constant, and that is a dependency like any other.
    undeclared = separability(labels, [-1] * 8)
    assert undeclared.condition == float("inf")
    assert undeclared.n_groups < 8


def test_an_independent_design_gives_groups_of_one() -> None:
    labels = ((np.arange(64)[:, None] >> np.arange(6)) & 1).astype(bool)
    found = separability(labels, [-1] * 6)
    assert found.group_a.tolist() == list(range(6))
    assert found.sign_a.tolist() == [1] * 6
    assert found.rank == 6
    np.testing.assert_allclose([found.condition, found.group_condition], 1)


def test_nearly_equal_columns_are_one_group_by_correlation_or_by_condition() -> None:
    labels, factors = factors_and_parts(1)
    for limits in ((0.95, 1e6), (1.0, 10.0)):
        assert separability(labels, factors, *limits).group_a.tolist() == [0, 1, 2, 3, 4, 4, 5]
    assert separability(labels, factors, 1.0, 1e6).n_groups == 7


def test_a_sum_is_a_dependency_of_those_that_take_part_alone() -> None:
    """No two columns are alike, but three of them follow from each other; a fourth is left alone."""
    rng = np.random.default_rng(5)
    kind, other = rng.integers(0, 3, 300), rng.random(300) < 0.5
    labels = np.column_stack([kind == 0, kind == 1, kind != 2, other])
    found = separability(labels, [-1] * 4)
    assert found.rank == 3
    assert found.n_groups == 3
    assert (found.group_a == found.group_a[3]).sum() == 1


def test_classes_span_fewer_dimensions_than_attributes() -> None:
    labels = class_level(0, n_classes=6, n_attributes=40)
    found = separability(labels, [-1] * 40)
    assert found.rank == 5
    assert found.n_groups <= 5
    assert found.group_condition <= 30


def test_constant_attributes_have_no_group() -> None:
    labels = np.array([[True, False, True], [True, False, False]])
    found = separability(labels, [-1] * 3)
    assert found.group_a.tolist() == [-1, -1, 0]
    assert np.isnan(found.correlation_a[:2]).all()
    nothing = separability(labels[:, :2], [-1] * 2)
    assert (nothing.n_groups, nothing.rank, nothing.condition) == (0, 0, 1.0)


def test_order_of_images_plays_no_part() -> None:
    labels = class_level(2)
    shuffled = labels[np.random.default_rng(0).permutation(len(labels))]
    assert as_sets(separability(labels, [-1] * 14)) == as_sets(separability(shuffled, [-1] * 14))


@pytest.mark.parametrize(
    ("labels", "factors", "limits"),
    [
        (np.zeros((0, 2), dtype=bool), [-1, -1], (0.9, 30.0)),
        (np.zeros((3, 2), dtype=bool), [-1], (0.9, 30.0)),
        (np.zeros((3, 2), dtype=bool), [-1, -1], (0.0, 30.0)),
        (np.zeros((3, 2), dtype=bool), [-1, -1], (0.9, 1.0)),
    ],
)
def test_refuses_what_it_cannot_use(labels: np.ndarray, factors: list[int], limits: tuple[float, float]) -> None:
    with pytest.raises(BadSetting, match="groups of attributes"):
        separability(labels, factors, *limits)
