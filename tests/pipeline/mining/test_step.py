"""A step's losses against loops written from the paper, and their gradients against finite differences, in float64."""

import copy
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.mining import attention, batch_norms, erasing, step
from pipeline.mining import losses as mining_losses
from pipeline.mining.names import FORMS, LOSSES
from pipeline.mining.spec import MiningSpec
from pipeline.mining.tuples import disjoint_tuples
from tests.oracles import similarity_mining as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.mining.small_step import CLASSES, LAYER, WEIGHTS, losses, mining_spec, tiny_images, tiny_network

MINED = FORMS[1:]
# Of the parameters; a larger one crosses the kinks of rectified units.
STEP = 1e-7


def tuples_of(network: nn.Module, spec: MiningSpec) -> np.ndarray:
    with torch.no_grad():
        raw = copy.deepcopy(network)(tiny_images())
    unit = nn.functional.normalize(raw, dim=1)
    return disjoint_tuples(torch.cdist(unit, unit).numpy(), CLASSES.numpy(), spec.images_of_a_tuple - 2)


def expected_loss(network: nn.Module, spec: MiningSpec, tuples: np.ndarray | None = None) -> float:
    tuples = tuples_of(network, spec) if tuples is None else tuples
    return oracle.mining_part(network, LAYER, tiny_images(), tuples, spec.form, WEIGHTS.alpha, WEIGHTS.beta)


def finite_difference(network: nn.Module, spec: MiningSpec, direction: list[torch.Tensor], step_size: float) -> float:
    """Return the slope of the oracle's mining loss along a direction of all parameters, from two values of it."""
    tuples, values = tuples_of(network, spec), []
    for sign in (1, -1):
        moved = copy.deepcopy(network)
        with torch.no_grad():
            for parameter, change in zip(moved.parameters(), direction, strict=True):
                parameter += sign * step_size * change
        values.append(expected_loss(moved, spec, tuples))
    return (values[0] - values[1]) / (2 * step_size)


def slope(network: nn.Module, spec: MiningSpec, direction: list[torch.Tensor], module: ModuleType = step) -> float:
    """Return the slope of the program's mining loss along the direction, from its gradients."""
    mining = losses(network, spec, module).mining
    if not mining.requires_grad:
        return 0.0
    gradients = torch.autograd.grad(mining, list(network.parameters()), allow_unused=True)
    pairs = zip(gradients, direction, strict=True)
    return float(sum((gradient * change).sum() for gradient, change in pairs if gradient is not None))


def directions(network: nn.Module) -> list[list[torch.Tensor]]:
    rng = np.random.default_rng(5)
    return [
        [torch.tensor(rng.normal(size=tuple(parameter.shape))) for parameter in network.parameters()] for _ in range(3)
    ]


@pytest.mark.parametrize("form", MINED)
@pytest.mark.parametrize("loss", LOSSES)
def test_the_mining_loss_equals_loops(loss: str, form: str) -> None:
    network, spec = tiny_network(), mining_spec(loss, form)
    expected = expected_loss(network, spec)
    assert abs(expected) > 1e-2
    assert losses(network, spec).mining.item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("form", MINED)
@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_equal_finite_differences(loss: str, form: str) -> None:
    network, spec = tiny_network(), mining_spec(loss, form)
    for direction in directions(network):
        expected = finite_difference(network, spec, direction, STEP)
        assert abs(expected) > 1e-3
        assert slope(network, spec, direction) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_of_the_whole_loss_equal_its_own_finite_differences_on_grad_cam_maps(loss: str) -> None:
    network, spec = tiny_network(), mining_spec(loss, "printed", "grad_cam")
    for direction in directions(network):
        total = losses(network, spec).total
        gradients = torch.autograd.grad(total, list(network.parameters()))
        found = float(sum((one * change).sum() for one, change in zip(gradients, direction, strict=True)))
        values = []
        for sign in (1, -1):
            moved = copy.deepcopy(network)
            with torch.no_grad():
                for parameter, change in zip(moved.parameters(), direction, strict=True):
                    parameter += sign * STEP * change
            values.append(losses(moved, spec).total.item())
        assert found == pytest.approx((values[0] - values[1]) / (2 * STEP), rel=1e-5, abs=1e-6)


BROKEN = [
    # Maps detached: gradients stop at them, the value is the same.
    (attention, "attention_maps", "of_features_nd, create_graph=True)[0]", "of_features_nd, retain_graph=True)[0]"),
    (attention, "attention_maps", "tuple_weights(features_nd[", "tuple_weights(features_nd.detach()["),
    (erasing, "erased", "native_nhw / torch.where", "native_nhw.detach() / torch.where"),
    # Masking not applied, or the wrong way round.
    (erasing, "erased", "images_nchw * (1 - torch", "images_nchw * (1 - 0 * torch"),
    (erasing, "erased", "(1 - torch.sigmoid(", "(torch.sigmoid("),
    # Wrong sign.
    (mining_losses, "mining_loss", 'return -loss if form == "negated"', 'return -loss if form == "printed"'),
    (mining_losses, "mining_loss", "to_positive_t[:, None] - to", "to_positive_t[:, None] + to"),
    # A quadruplet as the mean of its triplets.
    (mining_losses, "mining_loss", "terms_tm.sum(dim=1)", "terms_tm.mean(dim=1)"),
]


@pytest.mark.parametrize("case", range(len(BROKEN)))
def test_broken_copies_are_noticed(case: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, name, right, wrong = BROKEN[case]
    monkeypatch.setattr(step, name, getattr(broken_copy(module, tmp_path, right, wrong), name))
    network, spec = tiny_network(), mining_spec("quadruplet", "printed")
    direction = directions(network)[0]
    same_value = losses(network, spec).mining.item() == pytest.approx(expected_loss(network, spec), rel=1e-9)
    expected = finite_difference(network, spec, direction, STEP)
    same_slope = slope(network, spec, direction) == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert not (same_value and same_slope)


def test_running_statistics_are_those_of_whole_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def statistics(mined: bool) -> list[np.ndarray]:
        network = tiny_network()
        losses(network, mining_spec(form="printed" if mined else "none"))
        return [buffer.numpy() for buffer in network.buffers()]

    plain = statistics(mined=False)
    for mined, whole in zip(statistics(mined=True), plain, strict=True):
        np.testing.assert_array_equal(mined, whole)
    broken = broken_copy(batch_norms, tmp_path, "norm.track_running_stats = False", "pass")
    monkeypatch.setattr(step, "running_statistics_kept", broken.running_statistics_kept)
    assert any((mined != whole).any() for mined, whole in zip(statistics(mined=True), plain, strict=True))


def test_batch_norms_collect_again_after_the_second_pass() -> None:
    network = tiny_network()
    losses(network, mining_spec())
    assert all(module.track_running_stats for module in network.modules() if isinstance(module, nn.BatchNorm2d))


def test_the_whole_is_the_sum_of_its_parts() -> None:
    found = losses(tiny_network(), mining_spec("contrastive", "negated", "grad_cam"))
    expected = found.metric + 0.25 * found.classification + WEIGHTS.gamma * found.mining
    assert found.total.item() == pytest.approx(expected.item(), rel=1e-12)
    assert found.mining.item() > 0
    assert found.classification.item() > 0


def test_tuples_hold_each_image_at_most_once_and_the_right_classes() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(24, 3))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    classes = np.repeat(np.arange(6), 4)
    for negatives, tuples in ((0, 12), (1, 8), (2, 6)):
        found = disjoint_tuples(distances, classes, negatives)
        assert len(np.unique(found)) == found.size
        assert tuples - 2 <= len(found) <= tuples
        for members in found:
            assert classes[members[0]] == classes[members[1]]
            assert len(set(classes[members[1:]])) == 1 + negatives
    first = disjoint_tuples(distances, classes, 1)[0]
    assert first[1] == 1 + np.argmax(distances[0, 1:4])
    assert first[2] == 4 + np.argmin(distances[0, 4:])
