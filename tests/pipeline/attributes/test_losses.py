"""Both losses against loops, their gradients, and broken copies that must not pass."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.attributes.losses import attribute_targets, heatmap_loss, huber_loss
from tests.oracles import attribute_losses as oracle


def example(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Confidences, activations, targets and labels of 6 images, 5 attributes, 3 slots."""
    rng = np.random.default_rng(seed)
    confidences = rng.dirichlet(np.ones(5), 6)
    activations = rng.normal(0, 2, (6, 5, 4, 4))
    targets = rng.dirichlet(np.full(16, 0.3), (6, 3)).reshape(6, 3, 4, 4)
    labels = rng.random((6, 5)) < 0.5
    labels[:, 2] = True
    targets[0, 1:] = np.nan
    targets[3] = np.nan
    labels[5] = False
    return confidences, activations, targets, labels


def heatmap(activations: np.ndarray, targets: np.ndarray, labels: np.ndarray) -> float:
    return heatmap_loss(torch.tensor(activations), torch.tensor(targets), torch.tensor(labels)).item()


def test_targets_share_one_among_the_attributes() -> None:
    labels = torch.tensor([[True, False, True], [False, False, False], [False, True, False]])
    expected = torch.tensor([[0.5, 0, 0.5], [0, 0, 0], [0, 1, 0]])
    torch.testing.assert_close(attribute_targets(labels), expected)


def test_huber_equals_oracle_in_both_reductions() -> None:
    confidences, _, _, labels = example()
    values = torch.tensor(confidences)
    targets = attribute_targets(torch.tensor(labels)).double()
    mean = huber_loss(values, targets, "mean").item()
    assert mean == pytest.approx(oracle.huber_mean(confidences, labels), rel=1e-6)
    total = huber_loss(values, targets, "sum_attributes").item()
    assert total == pytest.approx(oracle.huber_sum(confidences, labels), rel=1e-6)
    assert total == pytest.approx(5 * mean)


def test_huber_comparator_rejects_broken_copies() -> None:
    confidences, _, _, labels = example()
    expected = pytest.approx(oracle.huber_mean(confidences, labels), rel=1e-6)
    values, label_tensor = torch.tensor(confidences), torch.tensor(labels)
    targets = attribute_targets(label_tensor).double()
    assert huber_loss(values, targets.roll(1, dims=1), "mean").item() != expected
    assert huber_loss(values, label_tensor.double(), "mean").item() != expected
    assert 2 * huber_loss(values, targets, "mean").item() != expected
    per_column = label_tensor.double() / label_tensor.sum(dim=0, keepdim=True)
    assert huber_loss(values, per_column, "mean").item() != expected


def test_huber_is_linear_beyond_one() -> None:
    loss = huber_loss(torch.tensor([[3.0]]), torch.tensor([[0.0]]), "mean")
    assert loss.item() == pytest.approx(2.5)


@pytest.mark.parametrize("seed", range(3))
def test_heatmap_equals_oracle(seed: int) -> None:
    _, activations, targets, labels = example(seed)
    expected = oracle.heatmap(activations, targets, labels)
    assert heatmap(activations, targets, labels) == pytest.approx(expected, rel=1e-9)
    singles = heatmap_loss(torch.tensor(activations).float(), torch.tensor(targets).float(), torch.tensor(labels))
    assert singles.item() == pytest.approx(expected, rel=1e-5)


def test_heatmap_comparator_rejects_broken_copies() -> None:
    _, activations, targets, labels = example()
    expected = pytest.approx(oracle.heatmap(activations, targets, labels), rel=1e-9)
    softmax_over_attributes = activations - np.log(np.exp(activations).sum(axis=1, keepdims=True))
    assert heatmap(-activations, targets, labels) != expected
    assert heatmap(activations, targets, ~labels) != expected
    assert heatmap(activations, targets, np.roll(labels, 1, axis=1)) != expected
    assert heatmap(activations, np.swapaxes(targets, 2, 3), labels) != expected
    assert heatmap(np.roll(activations, 1, axis=0), targets, labels) != expected
    assert heatmap(softmax_over_attributes, targets, labels) != expected
    assert pooled_over_the_batch(activations, targets, labels) != expected
    assert squared(activations, targets, labels) != expected


def pooled_over_the_batch(activations: np.ndarray, targets: np.ndarray, labels: np.ndarray) -> float:
    slots = [(n, k) for n in range(6) for k in range(3) if labels[n].any() and not np.isnan(targets[n, k]).any()]
    one_slot = [
        oracle.heatmap(activations[n : n + 1], targets[n : n + 1, k : k + 1], labels[n : n + 1]) for n, k in slots
    ]
    return sum(one_slot) / len(one_slot)


def squared(activations: np.ndarray, targets: np.ndarray, labels: np.ndarray) -> float:
    images = [n for n in range(6) if labels[n].any() and not np.isnan(targets[n, 0]).any()]
    means = []
    for n in images:
        slots = [k for k in range(3) if not np.isnan(targets[n, k]).any()]
        one = [
            oracle.heatmap(activations[n : n + 1], targets[n : n + 1, k : k + 1], labels[n : n + 1]) ** 2 for k in slots
        ]
        means.append(sum(one) / len(one))
    return sum(means) / len(means)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_heatmap_is_bounded_and_ignores_orders(seed: int) -> None:
    _, activations, targets, labels = example(seed)
    loss = heatmap(activations, targets, labels)
    assert 0 <= loss <= math.sqrt(2)
    rng = np.random.default_rng(seed)
    images, attributes, slots = rng.permutation(6), rng.permutation(5), rng.permutation(3)
    shuffled = heatmap(activations[images][:, attributes], targets[images][:, slots], labels[images][:, attributes])
    assert shuffled == pytest.approx(loss)


def test_heatmap_gradient_is_finite_at_a_perfect_match_and_with_empty_slots() -> None:
    _, activations, targets, labels = example()
    values = torch.tensor(activations, requires_grad=True)
    perfect = torch.tensor(targets)
    perfect[1, 0] = values[1, 2].detach().flatten().softmax(0).reshape(4, 4)
    loss = heatmap_loss(values, perfect, torch.tensor(labels))
    (gradient,) = torch.autograd.grad(loss, values)
    assert torch.isfinite(gradient).all()
    assert gradient[1].abs().sum() > 0
    # no map, or no attribute: nothing to learn from
    assert gradient[3].abs().sum() == 0
    assert gradient[5].abs().sum() == 0


def test_heatmap_gradient_equals_differences() -> None:
    _, activations, targets, labels = example()
    values = torch.tensor(activations[:3], requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda maps: heatmap_loss(maps, torch.tensor(targets[:3]), torch.tensor(labels[:3])), (values,)
    )


def test_heatmap_without_any_map_is_zero_with_zero_gradient() -> None:
    values = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0), requires_grad=True)
    loss = heatmap_loss(values, torch.full((2, 5, 4, 4), torch.nan), torch.ones(2, 3, dtype=torch.bool))
    assert loss.item() == 0
    (gradient,) = torch.autograd.grad(loss, values)
    assert (gradient == 0).all()
