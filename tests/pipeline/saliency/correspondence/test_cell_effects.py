"""Effects of cells and joint effects against loops, closed forms, and copies that must fail."""

from itertools import product

import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.saliency.correspondence.cell_effects import CellEffects, averaging_weights, masks_on_cells
from pipeline.saliency.correspondence.interaction import (
    counterpart_map,
    interaction,
    joint_maps,
    one_sided_map,
    row_map,
)
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.saliency.rise.maps import mask_coverage, query_masks, reduce_scores
from tests.oracles import correspondence as oracle
from tests.oracles.rise import worst_share_of_range

SIZE, CELLS, DIMENSIONS = 28, 7, 5
SPEC = RiseSpec(masks=40, grid_cells=4, seed=3)
REGRESSED = RiseSpec(masks=40, grid_cells=4, seed=3, scheme="balanced_regression")


def embeddings(seed: int, count: int = SPEC.masks, dimensions: int = DIMENSIONS) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, dimensions)) + 1
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def rendered_masks() -> np.ndarray:
    masks = query_masks(SPEC, SIZE)
    return masks.render(0, len(masks)).numpy()


def test_effects_are_the_oracles() -> None:
    found = CellEffects(SPEC, SIZE, CELLS).of(embeddings(0))
    wanted = oracle.cell_effects(embeddings(0), rendered_masks(), CELLS)
    assert worst_share_of_range(found, wanted) < 1e-5


def test_joint_effects_are_covariances_over_all_pairs_of_masks() -> None:
    cells = CellEffects(SPEC, SIZE, CELLS)
    query, reference = embeddings(0), embeddings(1)
    found = interaction(cells.of(query), cells.of(reference))
    wanted = oracle.joint_effects(query, reference, rendered_masks(), CELLS)
    assert worst_share_of_range(found, wanted) < 1e-5
    # The sides may not be swapped, nor the means left in.
    assert worst_share_of_range(found.T, wanted) > 0.1
    assert worst_share_of_range(found, oracle.joint_effects(query, query, rendered_masks(), CELLS)) > 0.1


def test_one_sided_map_is_rises_map_on_the_cells() -> None:
    """Each cell's map is the coverage-weighted mean of RISE's map over its pixels."""
    import torch

    reference = embeddings(9)[0].astype(np.float32)
    query = embeddings(0).astype(np.float32)
    masks = query_masks(SPEC, SIZE)
    coverage = mask_coverage(masks, "cpu")
    map_hw = reduce_scores(torch.from_numpy(query @ reference[:, None]), masks, coverage)[0].numpy()
    weighted = (map_hw * coverage.numpy()).reshape(CELLS, 4, CELLS, 4).sum(axis=(1, 3))
    wanted = weighted / coverage.numpy().reshape(CELLS, 4, CELLS, 4).sum(axis=(1, 3))
    found = one_sided_map(CellEffects(SPEC, SIZE, CELLS).of(query), reference)
    assert worst_share_of_range(found[None], wanted.ravel()[None]) < 1e-5


def test_two_linear_regions_multiplied_have_the_joint_effect_of_the_closed_form() -> None:
    """z = sum_u w_u M(u) under every mask of 2 x 2 cells: E_u = (1 - p) w_u, so I = (1 - p)^2 w_u . w'_v."""
    masks = np.array(list(product([0.0, 1.0], repeat=4)))
    rng = np.random.default_rng(5)
    query_weights, reference_weights = rng.standard_normal((2, 4, DIMENSIONS))
    # Only the first cell of the query and the last of the reference share a dimension.
    query_weights[1:, 0] = reference_weights[:3, 0] = 0
    query_weights[:, 1:] = 0
    weights = averaging_weights(masks)
    found = interaction(
        weights @ (masks @ query_weights - (masks @ query_weights).mean(axis=0)),
        weights @ (masks @ reference_weights - (masks @ reference_weights).mean(axis=0)),
    )
    wanted = 0.25 * query_weights @ reference_weights.T
    np.testing.assert_allclose(found, wanted, atol=1e-12)
    assert np.argmax(np.abs(found)) == 3
    assert np.count_nonzero(np.abs(found) > 1e-12) == 1


def test_regressed_effects_do_not_depend_on_how_the_embedding_is_turned() -> None:
    cells = CellEffects(REGRESSED, SIZE, CELLS)
    turn = np.linalg.qr(np.random.default_rng(2).standard_normal((DIMENSIONS, DIMENSIONS)))[0]
    np.testing.assert_allclose(cells.of(embeddings(0) @ turn), cells.of(embeddings(0)) @ turn, atol=1e-10)


def test_regressed_effects_come_closer_to_those_of_many_masks() -> None:
    many = RiseSpec(masks=20_000, grid_cells=4, seed=11)

    def passed(spec: RiseSpec) -> np.ndarray:
        masks = masks_on_cells(query_masks(spec, SIZE), 4)
        rng = np.random.default_rng(0)
        return masks @ rng.standard_normal((16, DIMENSIONS)) + (masks @ rng.standard_normal((16, 1))) ** 2 / 10

    exact = CellEffects(many, SIZE, CELLS).of(passed(many))
    errors = [np.abs(CellEffects(spec, SIZE, CELLS).of(passed(spec)) - exact).mean() for spec in (REGRESSED, SPEC)]
    assert errors[0] < 0.7 * errors[1]


@pytest.mark.parametrize("cells", [0, SIZE + 1])
def test_a_grid_that_images_cannot_have_is_refused(cells: int) -> None:
    with pytest.raises(BadSetting, match="saliency.correspondence.cells"):
        CellEffects(SPEC, SIZE, cells)


@pytest.mark.parametrize("shape", [(39, 5), (40,)])
def test_embeddings_of_other_masks_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadSetting, match="40 masks"):
        CellEffects(SPEC, SIZE, CELLS).of(np.ones(shape))


def test_joint_maps_sum_what_is_positive() -> None:
    query, reference = joint_maps(np.array([[1.0, -2.0], [3.0, 4.0]]))
    np.testing.assert_array_equal(query, [1, 7])
    np.testing.assert_array_equal(reference, [4, 4])


def test_a_region_points_to_its_own_counterpart_though_another_part_is_more_salient() -> None:
    # The second part of the reference goes with everything; the first only with the first part of the query.
    joint = np.array([[2.0, 4.0, 0.0], [0.1, 5.0, 0.0], [0.0, 0.0, 0.0]])
    region = np.array([1.0, 0.0, 0.0])
    assert row_map(joint, region).argmax() == 1
    assert counterpart_map(joint, region).argmax() == 0
    np.testing.assert_allclose(counterpart_map(joint, np.ones(3)), 0, atol=1e-12)
    np.testing.assert_array_equal(counterpart_map(np.zeros((3, 3)), region), 0)
