"""What vocabularies know of drivers: labels know all, chance nothing, and a copy that judges wrongly is noticed."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import discovered_truth
from benchmarks.discovered_truth import (
    Vocabulary,
    best_meanings,
    driver_agreement,
    f1_scores,
    meanings,
    named_truths,
    set_information,
)
from tests.pipeline.evaluation.broken_copy import broken_copy

RNG = np.random.default_rng(0)
TRAIN, TEST = RNG.random((400, 4)) < 0.3, RNG.random((200, 4)) < 0.3


def vocabulary(train: np.ndarray, test: np.ndarray) -> Vocabulary:
    return Vocabulary("one", train, test, [-1] * train.shape[1], [f"a{column}" for column in range(train.shape[1])])


def test_labels_know_every_driver_and_chance_none() -> None:
    labels = vocabulary(TRAIN[:, ::-1], TEST[:, ::-1])
    chance = vocabulary(RNG.random((400, 30)) < 0.3, RNG.random((200, 30)) < 0.3)
    for driver in range(4):
        found = driver_agreement(labels, TRAIN[:, driver], TEST[:, driver])
        assert (found.best, found.f1, found.is_found) == (3 - driver, 1.0, True)
        assert found.information == pytest.approx(1)
        by_chance = driver_agreement(chance, TRAIN[:, driver], TEST[:, driver])
        assert not by_chance.is_found
        assert abs(by_chance.information) < 0.05
    assert set_information(labels, TEST) == pytest.approx(1)
    assert abs(set_information(chance, TEST)) < 0.1


def test_an_attribute_that_every_image_has_finds_nothing() -> None:
    every = vocabulary(np.ones((400, 1), bool), np.ones((200, 1), bool))
    often = RNG.random(200) < 0.9
    found = driver_agreement(every, RNG.random(400) < 0.9, often)
    assert found.f1 > 0.9
    assert not found.is_found


def check_held_out(module: object) -> None:
    """The best of many chance attributes looks good on the images that chose it alone."""
    train, driver = RNG.random((30, 2000)) < 0.5, RNG.random(30) < 0.5
    test = RNG.random((200, 2000)) < 0.5
    found = module.driver_agreement(vocabulary(train, test), driver, RNG.random(200) < 0.5)  # type: ignore[attr-defined]
    assert found.f1 < 0.65, "f1"


def test_attributes_are_judged_on_images_that_did_not_choose_them(tmp_path: Path) -> None:
    check_held_out(discovered_truth)
    right = "f1_scores(found_n[:, None], driver_test_n[:, None])[0, 0]"
    wrong = "f1_scores(vocabulary.train_na[:, [best]], driver_train_n[:, None])[0, 0]"
    with pytest.raises(AssertionError, match="f1"):
        check_held_out(broken_copy(discovered_truth, tmp_path, right, wrong))


def test_f1_is_that_of_the_definition() -> None:
    found, truth = np.array([[1], [1], [0], [0]], bool), np.array([[1], [0], [1], [1]], bool)
    # Precision 1/2, recall 1/3.
    assert f1_scores(found, truth)[0, 0] == pytest.approx(0.4)
    assert f1_scores(np.zeros((4, 1), bool), np.zeros((4, 1), bool))[0, 0] == 0


def test_the_named_and_the_best_are_of_the_querys_own_attributes() -> None:
    meaning_k = meanings(vocabulary(TRAIN[:, [2, 0]], TEST[:, [2, 0]]), TRAIN)
    assert meaning_k.tolist() == [2, 0]
    has_pk = np.array([[True, True], [False, True], [False, False]])
    named_p, truths_p = named_truths(np.array([[0.9, 0.1]] * 3), has_pk, meaning_k)
    assert (named_p.tolist(), truths_p.tolist()) == ([0, 1, -1], [2, 0, -1])
    delta_pa = np.array([[0.5, 0.0, 0.1, 0.0]] * 3)
    assert best_meanings(delta_pa, has_pk, meaning_k).tolist() == [0, 0, -1]


def test_the_labels_of_everything_else_leave_out_what_is_named() -> None:
    less = vocabulary(TRAIN, TEST).without(["a1"], "less")
    assert (less.name, list(less.names)) == ("less", ["a0", "a2", "a3"])
    np.testing.assert_array_equal(less.test_na, TEST[:, [0, 2, 3]])
