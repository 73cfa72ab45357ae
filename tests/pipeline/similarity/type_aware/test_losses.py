"""The loss of a step equals loops over its triplets; each of its terms is noticed when it goes wrong."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.similarity.type_aware import losses as type_aware_losses
from pipeline.similarity.type_aware.losses import Triplets, TypeAwareWeights, type_aware_loss
from pipeline.similarity.type_aware.model import build_type_aware_network, split_state
from tests.oracles import type_aware as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy

RNG = np.random.default_rng(1)
GENERAL = RNG.normal(size=(7, 4)) * RNG.uniform(0.5, 3, (7, 1))
MASKS = np.maximum(RNG.normal(0.6, 0.6, size=(3, 4)), 0)
TYPES = [0, 1, 1, 2, 0, 1, 2]
ROWS = [(0, 1, 2, 0), (1, 0, 4, 0), (3, 5, 2, 1), (6, 3, 6, 2), (5, 2, 1, 2), (4, 6, 3, 1), (0, 4, 0, 2)]
TRIPLETS = Triplets(
    *(np.array([row[axis] for row in ROWS]) for axis in range(4)),
    np.array([TYPES[anchor] != TYPES[positive] for anchor, positive, *_ in ROWS]),
)
WEIGHTS = TypeAwareWeights(margin=0.3, general=0.4, mask=0.05, norm=0.07)


def loss_of(module: object = type_aware_losses, triplets: Triplets = TRIPLETS) -> float:
    loss = module.type_aware_loss(WEIGHTS, torch.tensor(GENERAL), torch.tensor(MASKS), triplets)  # type: ignore[attr-defined]
    return float(loss)


EXPECTED = oracle.loss(GENERAL, MASKS, ROWS, TYPES, 0.3, 0.4, 0.05, 0.07)


def test_the_loss_equals_loops() -> None:
    assert loss_of() == pytest.approx(EXPECTED, rel=1e-12)


def test_triplets_within_one_type_leave_the_general_embedding_alone() -> None:
    rows = [row for row in ROWS if TYPES[row[0]] == TYPES[row[1]]]
    within = Triplets(*(np.array([row[axis] for row in rows]) for axis in range(4)), np.zeros(len(rows), bool))
    assert loss_of(triplets=within) == pytest.approx(oracle.loss(GENERAL, MASKS, rows, TYPES, 0.3, 0.4, 0.05, 0.07))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (
            "return 2 - 2 * functional.cosine_similarity(one_td, other_td, dim=1)",
            "return (one_td - other_td).square().sum(1)",
        ),
        (
            "one_td, other_td, dim=1)",
            "functional.normalize(one_td, dim=0), functional.normalize(other_td, dim=0), dim=1)",
        ),
        ("near_t - far_t + weights.margin", "far_t - near_t + weights.margin"),
        ("[across].mean()", ".mean()"),
        ("same_type_t - to_negative_t", "same_type_t - to_positive_t"),
        ("abs().sum(dim=1).mean()", "square().sum(dim=1).mean()"),
        (".mean().sqrt()", ".sqrt().mean()"),
        ("masks_td = masks_cd[condition]", "masks_td = masks_cd[condition * 0]"),
    ],
)
def test_the_comparison_notices_a_mistake(tmp_path: Path, right: str, wrong: str) -> None:
    assert loss_of(broken_copy(type_aware_losses, tmp_path, right, wrong)) != pytest.approx(EXPECTED, rel=1e-6)


def test_the_gradient_is_that_of_small_steps() -> None:
    general = torch.tensor(GENERAL, requires_grad=True)
    masks = torch.tensor(MASKS, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda general_bd, masks_cd: type_aware_loss(WEIGHTS, general_bd, masks_cd.abs() + 0.1, TRIPLETS),
        (general, masks),
    )


def test_masks_start_near_one_and_never_act_below_zero() -> None:
    network = build_type_aware_network("small_residual", 64, 40, seed=3)
    drawn = network.type_masks.detach().numpy()
    assert drawn.mean() == pytest.approx(0.9, abs=0.05)
    assert drawn.std() == pytest.approx(0.7, abs=0.05)
    assert drawn.min() < 0
    assert network.masks().detach().numpy().min() == 0
    state = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    general, masks = split_state(state)
    np.testing.assert_array_equal(masks, network.masks().detach().numpy())
    assert set(general) == set(network.general.state_dict())
    other = build_type_aware_network("small_residual", 64, 40, seed=4)
    assert (other.type_masks != network.type_masks).all()
