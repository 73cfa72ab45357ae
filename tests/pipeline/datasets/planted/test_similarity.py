from collections import Counter

import numpy as np
import pytest

from pipeline.datasets.planted.edits import attribute_edits
from pipeline.datasets.planted.item_edits import apply_edit
from pipeline.datasets.planted.items import Item, sample_item
from pipeline.datasets.planted.similarity import (
    DRIVER_FACTORS,
    DRIVER_PARTS,
    DRIVER_WEIGHTS,
    MIXED,
)
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.datasets.planted.vocabulary import FACTORS, PARTS_OF_TYPE, TYPES, attribute_names
from tests.oracles.planted_similarity import planted_similarity

driver_attributes, similarity_targets = (lambda: MIXED.attributes), MIXED.coordinates
SPEC = PlantedSpec(seed=5, test_items=2000)


def draw_items(count: int) -> list[Item]:
    return [sample_item(SPEC, f"test_{number:05d}") for number in range(count)]


def unit_targets(items: list[Item]) -> np.ndarray:
    targets = similarity_targets(items)
    return targets / np.linalg.norm(targets, axis=1, keepdims=True)


def describe(item: Item) -> dict[str, str]:
    states = {factor: item.value_of(factor) for factor in DRIVER_FACTORS}
    states |= {part: "on" if part in item.parts else "off" for part in DRIVER_PARTS}
    return {"type": item.item_type, **states}


def check_against_oracle(similarities: np.ndarray, items: list[Item]) -> None:
    weights = {item_type: dict(row) for item_type, row in DRIVER_WEIGHTS.items()}
    for row, query in enumerate(items):
        for column, reference in enumerate(items):
            expected = planted_similarity(describe(query), describe(reference), weights, set(DRIVER_PARTS))
            assert similarities[row, column] == pytest.approx(expected, abs=1e-12)


def test_the_cosine_of_the_targets_is_the_planted_similarity() -> None:
    items = draw_items(40)
    units = unit_targets(items)
    check_against_oracle(units @ units.T, items)


def test_the_comparison_notices_weights_of_one_side_only() -> None:
    items = draw_items(40)
    broken = (similarity_targets(items) > 0).astype(np.float64)
    similarities = unit_targets(items) @ (broken / np.linalg.norm(broken, axis=1, keepdims=True)).T
    with pytest.raises(AssertionError):
        check_against_oracle(similarities, items)


def test_targets_have_one_coordinate_per_driver_attribute() -> None:
    items = draw_items(60)
    targets = similarity_targets(items)
    assert targets.shape == (60, len(driver_attributes()))
    assert targets.dtype == np.float64
    assert set(driver_attributes()) <= set(attribute_names())
    for row, item in enumerate(items):
        present = {name for name, value in zip(driver_attributes(), targets[row], strict=True) if value > 0}
        assert present == set(item.attributes) & set(driver_attributes())


def test_distractors_do_not_count() -> None:
    for item in draw_items(30):
        for name in set(attribute_names()) - set(driver_attributes()):
            edited = [apply_edit(item, edit) for edit in attribute_edits(item, name)]
            for row in similarity_targets(edited):
                np.testing.assert_array_equal(row, similarity_targets([item])[0])


def test_another_driver_leads_in_every_type_and_the_next_is_clearly_weaker() -> None:
    leaders = set()
    for item_type in TYPES:
        weights = DRIVER_WEIGHTS[item_type]
        possible = {*DRIVER_FACTORS, *(part for part in DRIVER_PARTS if part in PARTS_OF_TYPE[item_type])}
        assert set(weights) == possible
        ordered = sorted(weights.values(), reverse=True)
        assert ordered[0] - ordered[1] >= 0.15 - 1e-9
        assert len(set(ordered)) == len(ordered)
        leaders.add(max(weights, key=lambda driver: weights[driver]))
    assert len(leaders) == len(TYPES)


def best_drivers(count: int) -> list[str]:
    """The best present attribute of random similar pairs, by the planted formula."""
    items = draw_items(2000)
    units = unit_targets(items)
    rng = np.random.default_rng(0)
    best = []
    while len(best) < count:
        query, reference = rng.choice(len(items), 2, replace=False)
        score = units[query] @ units[reference]
        if score < 0.5:
            continue
        effects = {}
        for name in set(items[query].attributes) & set(driver_attributes()):
            edited = [apply_edit(items[query], edit) for edit in attribute_edits(items[query], name)]
            effects[name] = score - (unit_targets(edited) @ units[reference]).mean()
        best.append(max(sorted(effects), key=lambda name: effects[name]))
    return best


def test_no_attribute_explains_most_pairs_and_every_driver_explains_some() -> None:
    best = best_drivers(400)
    by_attribute = Counter(best)
    by_driver = Counter(name if name.startswith("part:") else name.split(":")[0] for name in best)
    assert by_attribute.most_common(1)[0][1] <= 0.3 * len(best)
    assert by_driver.most_common(1)[0][1] <= 0.35 * len(best)
    assert len(by_driver) == len(DRIVER_FACTORS) + len(DRIVER_PARTS)
    assert min(by_driver.values()) >= 0.05 * len(best)
    assert set(DRIVER_FACTORS) <= set(FACTORS)
