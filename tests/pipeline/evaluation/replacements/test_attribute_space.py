"""Distances by attributes: standardised, without the target, exact; and what counts as having an attribute."""

import numpy as np
import pytest

from pipeline.errors import BadDataset, BadModel
from pipeline.evaluation.replacements.attribute_space import attribute_space
from pipeline.evaluation.replacements.presence import presence_by_score

RNG = np.random.default_rng(3)
LOGITS = [RNG.normal(size=(12, 4)), 100 + 30 * RNG.normal(size=(12, 4))]


def test_distances_are_those_of_standardised_logits() -> None:
    space = attribute_space(LOGITS)
    rows = np.arange(12)
    standard = [(logits - logits.mean(axis=0)) / logits.std(axis=0) for logits in LOGITS]
    squares = sum(np.square(one[:, None] - one[None]) for one in standard)
    np.testing.assert_allclose(space.squared_distances(rows, rows), squares.sum(axis=2), atol=1e-2)
    np.testing.assert_allclose(space.squared_parts(rows, rows, 2), squares[:, :, 2], atol=1e-2)
    np.testing.assert_allclose(space.mean_scores(), np.mean(standard, axis=0), atol=1e-4)


def test_distances_are_exact_whatever_is_computed_together() -> None:
    space = attribute_space(LOGITS)
    rows = np.arange(12)
    whole = space.squared_distances(rows, rows)
    for image in rows:
        np.testing.assert_array_equal(
            space.squared_distances(rows[image : image + 1], rows[::-1])[0], whole[image, ::-1]
        )
    assert (np.diag(whole) == 0).all()


def test_an_attribute_with_one_logit_for_all_has_no_part() -> None:
    logits = LOGITS[0].copy()
    logits[:, 1] = 0.1
    rows = np.arange(12)
    assert (attribute_space([logits]).squared_parts(rows, rows, 1) == 0).all()


@pytest.mark.parametrize("logits", [[], [np.zeros((3, 2)), np.zeros((3, 1))], [np.full((3, 2), np.nan)]])
def test_bad_logits_are_refused(logits) -> None:
    with pytest.raises(BadModel, match="replacement_models"):
        attribute_space(logits)


def test_an_image_counts_as_having_what_it_is_labelled_with_or_scored_high_for() -> None:
    labels = np.array([[1, 0], [1, 0], [1, 0], [0, 0], [0, 0]], dtype=bool)
    scores = np.array([[1.0, 9], [2, 9], [3, 9], [2, 9], [2.5, 9]])
    # The median of the positives is 2: above it counts, at it does not; without positives no score counts.
    assert presence_by_score(labels, scores).T.tolist() == [[True, True, True, False, True], [False] * 5]


def test_scores_of_other_images_are_refused() -> None:
    with pytest.raises(BadDataset):
        presence_by_score(np.zeros((2, 2), dtype=bool), np.zeros((3, 2)))
