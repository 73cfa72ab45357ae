"""Masks applied after all passes give the cosines of projected embeddings, in numpy and in torch."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.errors import BadModel
from pipeline.similarity import conditions
from pipeline.similarity.conditions import ConditionMasks, conditioned_cosines, project
from pipeline.similarity.type_aware.trained_conditions import trained_conditions
from tests.oracles import type_aware as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy

RNG = np.random.default_rng(0)
EMBEDDINGS = RNG.normal(size=(6, 5))
MASKS = np.maximum(RNG.normal(0.5, 0.7, size=(4, 5)), 0)
REFERENCES = np.stack([oracle.projection(row, mask) for row, mask in zip(RNG.normal(size=(4, 5)), MASKS, strict=True)])
EXPECTED = np.array(
    [
        [oracle.projection(row, mask) @ reference for mask, reference in zip(MASKS, REFERENCES, strict=True)]
        for row in EMBEDDINGS
    ]
)


@pytest.mark.parametrize("scale", [1.0, 7.0])
@pytest.mark.parametrize("kind", [np.asarray, torch.tensor])
def test_cosines_are_those_of_the_projections(kind: Callable[[np.ndarray], np.ndarray], scale: float) -> None:
    actual = conditioned_cosines(kind(EMBEDDINGS * scale), kind(REFERENCES), kind(MASKS))
    np.testing.assert_allclose(np.asarray(actual), EXPECTED, atol=1e-12)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(masks_kd**2).T) ** 0.5", "masks_kd.T) ** 0.5"),
        ("embeddings_nd @ (masks_kd * references_kd).T", "embeddings_nd @ references_kd.T"),
    ],
)
def test_the_comparison_notices_a_mistake(tmp_path: Path, right: str, wrong: str) -> None:
    actual = broken_copy(conditions, tmp_path, right, wrong).conditioned_cosines(EMBEDDINGS, REFERENCES, MASKS)
    assert np.abs(actual - EXPECTED).max() > 1e-2


def test_projections_have_norm_one_over_their_dimensions(tmp_path: Path) -> None:
    masks = MASKS[[0, 1, 2, 3, 0, 1]]
    expected = np.stack([oracle.projection(row, mask) for row, mask in zip(EMBEDDINGS, masks, strict=True)])
    actual = project(EMBEDDINGS, masks)
    np.testing.assert_allclose(actual, expected, atol=1e-12)
    assert project(EMBEDDINGS.astype(np.float32), masks.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(project(EMBEDDINGS, MASKS[0])[3], oracle.projection(EMBEDDINGS[3], MASKS[0]), atol=1e-6)
    # The authors' code normalises over the images when it returns all conditions at once.
    wrong = broken_copy(conditions, tmp_path, "axis=1, keepdims", "axis=0, keepdims").project(EMBEDDINGS, masks)
    assert np.abs(wrong - expected).max() > 0.1


def test_pairs_without_a_mask_are_scored_by_the_general_embedding() -> None:
    masks = ConditionMasks(("a|b", "b|b"), MASKS[:2].astype(np.float32))
    found = masks.of(["b|b", None, "a|b", "a|c"])
    np.testing.assert_array_equal(found[[0, 2]], masks.masks_cd[[1, 0]])
    assert (found[[1, 3]] == 1).all()
    assert masks.unseen(["b|b", None, "a|b", "a|c"]) == 2
    assert masks.of([]).shape == (0, 5)


@pytest.mark.parametrize("kind", [np.asarray, torch.tensor])
def test_a_mask_of_zeros_is_refused(kind: Callable[[np.ndarray], np.ndarray]) -> None:
    masks = MASKS.copy()
    masks[2] = 0
    with pytest.raises(BadModel, match="6 of 24"):
        conditioned_cosines(kind(EMBEDDINGS), kind(REFERENCES), kind(masks))
    with pytest.raises(BadModel, match="1 of 4"):
        project(EMBEDDINGS[:4], masks)


def test_embeddings_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(BadModel, match="6 of 6"):
        project(np.full((6, 5), np.nan), MASKS[0])


def test_only_type_pairs_that_some_outfit_holds_are_trained() -> None:
    types = ["tops", "shoes", "bags", "tops"]
    outfits = [np.array([0, 1]), np.array([1, 2]), np.array([0, 3]), np.array([2])]
    names = ("tops|tops", "bags|tops", "bags|shoes", "hats|tops", "shoes|tops", "bags|bags")
    assert trained_conditions(types, outfits, names) == ("tops|tops", "bags|shoes", "shoes|tops")
