"""Effects under conditions: each pair's directions live in the space of its mask, and predict what removal does."""

from pathlib import Path

import numpy as np

from pipeline.explanation import effects_by_condition as module
from pipeline.explanation.conditional_directions import conditional_effects, fit_conditional_directions
from pipeline.explanation.effects_by_condition import LabelledEmbeddings, effects_by_condition
from pipeline.similarity.conditions import ConditionMasks, project
from tests.oracles.type_aware import projection
from tests.pipeline.evaluation.broken_copy import broken_copy

TYPES = ("bags", "hats", "shoes")
# Attribute 0 moves dimensions 0 and 1, attribute 1 moves 2 and 3; the last dimension is what all share.
DIRECTIONS = np.array([[1.0, 0.8, 0, 0, 0], [0, 0, 1.0, 0.8, 0]])
# Bags and shoes are compared by the first attribute, bags and hats by the second.
MASKS = ConditionMasks(("bags|hats", "bags|shoes"), np.array([[0, 0, 1, 1, 0.5], [1, 1, 0, 0, 0.5]], dtype=np.float32))


def world(images: int, seed: int) -> LabelledEmbeddings:
    rng = np.random.default_rng(seed)
    labels = rng.random((images, 2)) < 0.5
    raw = np.array([0, 0, 0, 0, 1.0]) + labels @ DIRECTIONS + rng.normal(scale=0.02, size=(images, 5))
    unit = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    return LabelledEmbeddings(unit, labels, [TYPES[row % 3] for row in range(images)])


TRAIN, IMAGES = world(600, 0), world(30, 1)
QUERY, REFERENCE = np.array([0, 3, 1, 0, 6, 2]), np.array([2, 5, 3, 1, 9, 1])
CONDITIONS = ["bags|shoes", "bags|shoes", "bags|hats", "bags|hats", None, "hats|shoes"]


def effects(of: object = module) -> np.ndarray:
    found: np.ndarray = of.effects_by_condition(TRAIN, IMAGES, QUERY, REFERENCE, CONDITIONS, MASKS, (-1, -1))  # type: ignore[attr-defined]
    return found


def expected() -> np.ndarray:
    """One pair at a time, with a fit of its own."""
    rows = []
    for pair, condition in enumerate(CONDITIONS):
        known = condition in MASKS.names
        mask = MASKS.masks_cd[MASKS.names.index(str(condition))] if known else np.ones(5)
        kept = [row for row, kind in enumerate(TRAIN.types_n) if not known or kind in str(condition).split("|")]
        space = np.stack([projection(TRAIN.embeddings_nd[row], mask) for row in kept])
        images = np.stack([projection(row, mask) for row in IMAGES.embeddings_nd])
        fitted = fit_conditional_directions(space, TRAIN.labels_na[kept], [TRAIN.types_n[row] for row in kept])
        one = slice(pair, pair + 1)
        rows.append(conditional_effects(images, QUERY[one], REFERENCE[one], IMAGES.types_n, fitted, (-1, -1))[0])
    return np.stack(rows)


def test_effects_equal_one_pair_at_a_time(tmp_path: Path) -> None:
    np.testing.assert_allclose(effects(), expected(), atol=1e-9)
    for right, wrong in [
        ("project(images.embeddings_nd[rows], mask_d)", "images.embeddings_nd[rows]"),
        ("project(train.embeddings_nd[fitted_on], mask_d)", "train.embeddings_nd[fitted_on]"),
        ("place[: len(pairs)]", "place[len(pairs) :]"),
        ("np.isin(train_types_n, types_n[rows])", "train_types_n == types_n[rows[0]]"),
    ]:
        assert np.abs(effects(broken_copy(module, tmp_path, right, wrong)) - expected()).max() > 1e-4


def test_a_condition_names_the_attribute_that_its_mask_lets_through() -> None:
    both = np.flatnonzero(TRAIN.labels_na.all(axis=1))
    for condition, named in [("bags|shoes", 0), ("bags|hats", 1)]:
        pair = both[:1], both[1:2]
        found = effects_by_condition(TRAIN, TRAIN, *pair, [condition], MASKS, (-1, -1))[0]
        assert found.argmax() == named
        # What removal of each attribute really does to the score, from the planted directions.
        mask = MASKS.masks_cd[MASKS.names.index(condition)]
        query, reference = project(np.ones(2) @ DIRECTIONS + np.eye(5)[[4, 4]], mask)
        true = [
            query @ reference - projection(DIRECTIONS[1 - lost] + np.eye(5)[4], mask) @ reference for lost in (0, 1)
        ]
        assert true[named] > 0.1
        np.testing.assert_allclose(found, true, atol=0.1)


def test_types_that_training_lacks_use_all_images() -> None:
    unseen = LabelledEmbeddings(IMAGES.embeddings_nd, IMAGES.labels_na, ["scarves"] * 30)
    found = effects_by_condition(TRAIN, unseen, QUERY, REFERENCE, ["bags|shoes"] * 6, MASKS, (-1, -1))
    assert np.isfinite(found).all()


def test_no_pairs_give_no_rows() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert effects_by_condition(TRAIN, IMAGES, nothing, nothing, [], MASKS, (-1, -1)).shape == (0, 2)
