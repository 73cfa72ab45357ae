"""Ways of predicting effects from class labels: what is measured, and a world in which the right one is known."""

from pathlib import Path

import numpy as np
import pytest

import benchmarks.class_level_measures as measures
from benchmarks.class_level_effects import Named, measure_attributes, measure_groups, table
from benchmarks.class_level_measures import ExplainedImages, measured_drops
from benchmarks.class_level_predictors import WAYS, LabelledImages
from pipeline.explanation.separability import separability
from tests.pipeline.evaluation.broken_copy import broken_copy


def on_circle(degrees: list[float]) -> np.ndarray:
    return np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], axis=1)


def circle() -> tuple[ExplainedImages, np.ndarray]:
    """A query at 0, the reference at 90, and images that lack or keep the attribute, one of them a duplicate."""
    labels = np.array([[1], [1], [0], [0], [1], [1], [0]], dtype=bool)
    coordinates = np.array([[0, 0], [0, 9], [0, 1], [0, 2], [0, 9], [0, 9], [0, 0]], dtype=float)
    images = ExplainedImages(
        on_circle([0, 90, 40, 20, 30, 10, 5]),
        np.column_stack([labels, np.ones(7, dtype=bool)]),
        coordinates,
        np.array(["a"] * 7),
        np.array([0, 1, 2, 3, 4, 5, 0]),
        np.array([0, 2]),
        np.array([1, 1]),
    )
    return images, coordinates


def assert_drops(tested=measures) -> None:
    images, coordinates = circle()
    drops = tested.measured_drops(images, images.labels_na, coordinates)
    sine = np.sin(np.radians([20, 40, 10, 30]))
    # Removal: the image at 20 degrees. The one at 5 is a duplicate of the query.
    assert drops.removal_pa[0, 0] == pytest.approx(-sine[0])
    # Lacking, nearest in the other coordinate first: 40, then 20; as far and keeping it: 30, then 10.
    assert drops.matched_pa[0, 0] == pytest.approx((sine[3] - sine[1] + sine[2] - sine[0]) / 2)
    assert np.isnan(drops.removal_pa[0, 1])  # nothing lacks it
    assert drops.matched_pa[1, 0] == drops.removal_pa[1, 0] == 0  # the query lacks it


def test_drops_are_those_of_hand_chosen_images() -> None:
    assert_drops()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("np.argsort(distance_n[lacking], kind", "np.argsort(-distance_n[lacking], kind"),
        ("score_n[kept] - score_n[chosen]", "score_n[chosen] - score_n[kept]"),
        (
            "allowed_n = ~np.isin(images.duplicates_n, images.duplicates_n[[query, reference]])",
            "allowed_n = score_n < 9",
        ),
        ("score_n = embeddings @ embeddings[reference]", "score_n = embeddings @ embeddings[query]"),
        ("left.pop(int(gaps.argmin()))", "left[int(gaps.argmin())]"),
    ],
)
def test_a_broken_copy_is_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises((AssertionError, NameError)):
        assert_drops(broken_copy(measures, tmp_path, right, wrong))


def class_world(seed: int = 0) -> tuple[LabelledImages, ExplainedImages]:
    """Classes of three free attributes, the first of which moves embeddings most; unseen classes combine them anew."""
    rng = np.random.default_rng(seed)
    bits = ((np.arange(8)[:, None] >> np.arange(3)) & 1).astype(bool)
    directions = rng.normal(size=(3, 8)) * np.array([[2.5], [0.5], [0.1]])

    def images_of(classes: list[int], count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        class_n = np.repeat(classes, count)
        rows = bits[class_n] @ directions + 0.3 + rng.normal(0, 0.1, (len(class_n), 8))
        return rows / np.linalg.norm(rows, axis=1, keepdims=True), bits[class_n], class_n.astype(str)

    train, labels, classes = images_of([0, 1, 2, 4, 7], 12)
    held_out, held_out_labels, _ = images_of([0, 1, 2, 4, 7], 4)
    test, test_labels, test_classes = images_of([3, 5, 6], 12)
    pairs = np.array([(q, r) for q in range(36) for r in range(36) if q != r and q // 12 == r // 12][::4])
    learnt = LabelledImages(train, labels, classes, separability(labels, [-1] * 3), held_out, held_out_labels * 2.0)
    explained = ExplainedImages(
        test, test_labels, test_labels * 2.0, test_classes, np.arange(36), pairs[:, 0], pairs[:, 1]
    )
    return learnt, explained


def test_ways_give_an_effect_of_each_pair_and_attribute() -> None:
    train, images = class_world()
    for name, way in WAYS.items():
        effects = way(train, images)
        assert effects.shape == (len(images.query_p), 3), name
        assert np.isfinite(effects).all(), name
        # What moves embeddings most matters more to a pair of one class than what hardly moves them.
        has_both = images.labels_na[images.query_p][:, [0, 2]].all(axis=1)
        assert (effects[has_both, 0] > effects[has_both, 2]).mean() > 0.8, name


def test_tables_have_a_row_for_each_way() -> None:
    train, images = class_world()
    named = Named()
    ids = [f"p{n}" for n in range(len(images.query_p))]
    measure_attributes(train, images, ids, 0, named)
    measure_groups(train, images, ids, 0, named)
    named.classes.append(images.classes_n[images.query_p])
    lines = table(named, "told", ("random",)).splitlines()
    assert len(lines) == 2 + len(WAYS) + 4
    assert all(line.count("|") == lines[0].count("|") for line in lines)
    assert all(line.endswith(f"| 100 | {len(ids)} |") for line in lines[2:])
    assert len(table(named, "groups", ("random",)).splitlines()) == 2 + 5
    drops = measured_drops(images, images.labels_na, images.logits_na)
    assert (drops.matched_pa[~images.labels_na[images.query_p]] == 0).all()
