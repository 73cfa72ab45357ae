"""What vocabularies know of drivers: labels know all, chance nothing, and a copy that judges wrongly is noticed."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import discovered_truth
from benchmarks.discovered_effects import Replaced, effects_of
from benchmarks.discovered_label_tables import agreement_table, best_known_table, varying
from benchmarks.discovered_truth import (
    Vocabulary,
    best_meanings,
    driver_agreement,
    f1_scores,
    meanings,
    named_truths,
    set_information,
)
from flows.readers.pair_frame import PairFrame
from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.replacements.attribute_space import AttributeSpace
from pipeline.similarity.conditions import ConditionMasks
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


def replaced(masks: ConditionMasks | None = None, types: tuple[list[str], list[str]] | None = None) -> Replaced:
    """Return 40 test images whose first attribute is the first half of the embedding, whose second is the rest."""
    rng = np.random.default_rng(1)
    has_na = rng.random((80, 2)) < 0.5
    has_na[40] = True
    signs = np.repeat(np.where(has_na, 1.0, -1.0), 2, axis=1) * [1, 1, 0.2, 0.2]
    embeddings = signs + 0.1 * rng.normal(size=signs.shape)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    frame = PairFrame(
        "test",
        [f"i{number}" for number in range(40)],
        ["p"],
        np.array([0]),
        np.array([1 + int((embeddings[41:] @ embeddings[40]).argmax())]),
        has_na[40:],
        ["first", "second"],
        [-1, -1],
        ["a|a" if masks else None],
    )
    space = AttributeSpace(rng.normal(size=(1, 40, 2)))
    kinds = ([""] * 40, [""] * 40) if types is None else types
    cluster_p, resampling = frame.query_p, Resampling(0, 100)
    train_nd, test_nd = embeddings[:40], embeddings[40:]
    return Replaced(frame, train_nd, test_nd, kinds, masks, np.arange(40), space, has_na[40:], 2, cluster_p, resampling)


def labels_of(case: Replaced) -> Vocabulary:
    train_na = case.train_nd[:, [0, 2]] > 0
    return Vocabulary("labels", train_na, case.frame.labels_na, [-1, -1], ["first", "second"])


def test_the_attribute_that_the_score_rests_on_is_named_and_losing_it_costs_most() -> None:
    case = replaced()
    found = effects_of(case, labels_of(case))
    other = effects_of(case, labels_of(case), np.array([[0.0, 1.0]]))
    assert found.removal_p[0] > 0.5 > other.removal_p[0]
    assert found.deletion_p[0] < other.deletion_p[0] < 0
    assert found.first_removal_p[0] == found.removal_p[0]


def test_scores_that_name_what_the_query_lacks_earn_nothing() -> None:
    case = replaced()
    one = labels_of(case)
    lacking = Vocabulary("found", one.train_na, one.test_na & [True, False], [-1, -1], ["x", "y"])
    found = effects_of(case, lacking, np.array([[0.0, 1.0]]))
    assert (found.first_removal_p[0], found.has_first_p[0]) == (0.0, False)
    # Of the query's own it is still the first, which costs.
    assert found.removal_p[0] > 0.5


def test_a_pair_is_scored_under_its_condition_and_replaced_by_its_type() -> None:
    masks = ConditionMasks(("a|a",), np.array([[0, 0, 1, 1]], dtype=np.float32))
    plain, masked = replaced(), replaced(masks)
    by_second = np.array([[0.0, 1.0]])
    # The mask leaves the second half alone, so that losing the second attribute turns the score round.
    assert effects_of(masked, labels_of(masked), by_second).removal_p[0] > 1
    assert effects_of(plain, labels_of(plain), by_second).removal_p[0] < 0.5
    alone = replaced(types=(["a"] * 40, ["a", "a", *["b"] * 38]))
    pool = alone.pool(labels_of(alone))
    assert (pool.type_n == pool.type_n[0]).sum() == 2


def test_labels_of_the_same_images_are_all_found_and_chance_finds_none() -> None:
    always = np.concatenate([TEST, np.ones((200, 1), bool)], axis=1)
    labels = vocabulary(np.concatenate([TRAIN, RNG.random((400, 1)) < 0.5], axis=1), always)
    # The last is on every test image: there is nothing to tell apart.
    assert varying(labels) == [0, 1, 2, 3]
    chance = vocabulary(RNG.random((400, 9)) < 0.3, RNG.random((200, 9)) < 0.3)
    classes = ["x" if one else "y" for one in TEST[:, 0]]
    rows = agreement_table([vocabulary(TRAIN, TEST), chance], labels, classes).splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:4]]
    assert (cells[0][-2:], cells[1][-1]) == (["100", "4 of 4"], "0 of 4")
    assert float(cells[0][4]) > 10 > abs(float(cells[1][4])) + 5
    assert best_known_table([vocabulary(TRAIN, TEST)], labels).count("**100**") == 4
