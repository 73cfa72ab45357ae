import numpy as np
import pytest

from pipeline.datasets.planted import nonlinear_similarity as module
from pipeline.datasets.planted.items import Item, sample_item
from pipeline.datasets.planted.nonlinear_similarity import (
    CONJUNCTION_WEIGHTS,
    PART_GROUPS,
    PART_SIZES,
    SATURATED_WEIGHTS,
    SATURATION_RATE,
)
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.datasets.planted.vocabulary import PARTS, PARTS_OF_TYPE, TYPES
from tests.oracles.planted_similarity import conjunctive_similarity, saturated_similarity
from tests.pipeline.evaluation.broken_copy import broken_copy

SPEC = PlantedSpec(seed=6, test_items=40)
ITEMS = [sample_item(SPEC, f"test_{number:05d}") for number in range(40)]
GROUPS = {
    name: {part: PART_SIZES[part] for part in parts}
    for name, parts in zip(("first_group", "second_group"), PART_GROUPS, strict=True)
}


def describe(item: Item) -> dict[str, str]:
    states = {factor: item.value_of(factor) for factor in ("body_colour", "pattern", "trim_colour")}
    return {"type": item.item_type, **states, **{part: "on" if part in item.parts else "off" for part in PARTS}}


def assert_agrees(coordinates, oracle) -> None:
    targets = coordinates(ITEMS)
    units = targets / np.linalg.norm(targets, axis=1, keepdims=True)
    expected = [[oracle(describe(query), describe(reference)) for reference in ITEMS] for query in ITEMS]
    np.testing.assert_allclose(units @ units.T, expected, atol=1e-12)


def assert_conjunction(tested=module) -> None:
    weights = {item_type: dict(row) for item_type, row in CONJUNCTION_WEIGHTS.items()}
    assert_agrees(tested.conjunction_coordinates, lambda q, r: conjunctive_similarity(q, r, weights, set(PARTS)))


def assert_saturation(tested=module) -> None:
    weights = {item_type: dict(row) for item_type, row in SATURATED_WEIGHTS.items()}
    assert_agrees(
        tested.saturated_coordinates, lambda q, r: saturated_similarity(q, r, weights, GROUPS, SATURATION_RATE)
    )


def test_the_cosines_are_the_planted_similarities() -> None:
    assert_conjunction()
    assert_saturation()


@pytest.mark.parametrize(
    ("right", "wrong", "noticed_by"),
    [
        ("emblem * trim,", "trim,", assert_conjunction),
        ("np.outer(body, pattern).ravel()", "np.outer(body, body)[:, :4].ravel()", assert_conjunction),
        ("(1 - np.exp(-SATURATION_RATE * total))", "total", assert_saturation),
        ("if part in item.parts", "if part not in item.parts", assert_saturation),
    ],
    ids=["trim alone", "body colour alone", "linear", "absent parts"],
)
def test_broken_copies_are_noticed(tmp_path, right: str, wrong: str, noticed_by) -> None:
    with pytest.raises(AssertionError):
        noticed_by(broken_copy(module, tmp_path, right, wrong))


def test_colour_counts_more_with_the_pattern_than_without() -> None:
    def similarity(colour: str, pattern: str) -> float:
        query = Item("a", "test", "shirt", ("red", "dots", "black", "sand"), ())
        other = Item("b", "test", "shirt", (colour, pattern, "white", "sand"), ())
        targets = module.conjunction_coordinates([query, other])
        return float(targets[0] @ targets[1] / np.linalg.norm(targets, axis=1).prod())

    with_pattern = similarity("red", "dots") - similarity("blue", "dots")
    without = similarity("red", "plain") - similarity("blue", "plain")
    assert with_pattern > 0.3
    assert without == pytest.approx(0)


def test_a_second_part_of_a_group_hardly_counts_and_every_type_can_have_two() -> None:
    def score(parts: tuple[str, ...]) -> float:
        query = Item("a", "test", "bag", ("red", "dots", "black", "sand"), parts)
        other = Item("b", "test", "bag", ("blue", "dots", "black", "sand"), ("strap", "pocket"))
        targets = module.saturated_coordinates([query, other])
        return float(targets[0] @ targets[1])

    assert score(("strap", "pocket")) - score(("strap",)) < 0.2 * (score(("strap",)) - score(()))
    for item_type in TYPES:
        counts = [len(set(group) & set(PARTS_OF_TYPE[item_type])) for group in PART_GROUPS]
        assert max(counts) >= 2
        assert sum(counts) == len(PARTS_OF_TYPE[item_type])
