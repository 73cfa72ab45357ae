import numpy as np
import pytest
from scipy.stats import chi2_contingency, kstest

from pipeline.datasets.planted.items import DISTRACTOR_LEADERS, Item, planted_image_ids, sample_item
from pipeline.datasets.planted.similarity import DRIVER_FACTORS, DRIVER_PARTS
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.datasets.planted.vocabulary import FACTORS, PARTS, PARTS_OF_TYPE, TYPES
from pipeline.errors import BadDataset


def draw_split(split: str, count: int, strength: float = 0.4) -> list[Item]:
    spec = PlantedSpec(seed=3, train_items=count, valid_items=count, test_items=count, distractor_correlation=strength)
    return [sample_item(spec, f"{split}_{number:05d}") for number in range(count)]


def states_of(items: list[Item], name: str) -> np.ndarray:
    if name in FACTORS:
        return np.array([FACTORS[name].index(item.value_of(name)) for item in items])
    return np.array([int(name in item.parts) for item in items])


def count_together(items: list[Item], first: str, second: str) -> np.ndarray:
    """Counts of both states, over the items whose type can have both."""
    parts = {name for name in (first, second) if name in PARTS}
    possible = [item for item in items if parts <= set(PARTS_OF_TYPE[item.item_type])]
    rows, columns = states_of(possible, first), states_of(possible, second)
    counts = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(counts, (rows, columns), 1)
    return counts


def cramers_v(items: list[Item], first: str, second: str) -> float:
    """Association from 0 to 1."""
    counts = count_together(items, first, second)
    chi_squared = chi2_contingency(counts, correction=False).statistic
    return float(np.sqrt(chi_squared / counts.sum() / (min(counts.shape) - 1)))


def possible_together(first: str, second: str) -> bool:
    parts = {name for name in (first, second) if name in PARTS}
    return any(parts <= set(PARTS_OF_TYPE[item_type]) for item_type in TYPES)


ALL_PAIRS = [
    (first, second)
    for position, first in enumerate((*FACTORS, *PARTS))
    for second in (*FACTORS, *PARTS)[position + 1 :]
    if possible_together(first, second)
]


def test_items_have_only_possible_parts_and_one_value_of_every_factor() -> None:
    for item in draw_split("train", 300, strength=1.0) + draw_split("test", 300):
        assert set(item.parts) <= set(PARTS_OF_TYPE[item.item_type])
        assert [part for part in PARTS if part in item.parts] == list(item.parts)
        for factor, value in zip(FACTORS, item.values, strict=True):
            assert value in FACTORS[factor]
            assert f"{factor}:{value}" in item.attributes
        assert len(item.attributes) == len(FACTORS) + len(item.parts)


def check_independence(items: list[Item]) -> None:
    p_values = [chi2_contingency(count_together(items, *pair), correction=False).pvalue for pair in ALL_PAIRS]
    # Bonferroni: no pair of attributes may be less likely than one in a hundred over all of them.
    assert min(p_values) * len(p_values) > 0.01
    assert kstest(p_values, "uniform").pvalue > 0.001


def test_the_test_split_draws_attributes_independently() -> None:
    items = draw_split("test", 3000, strength=1.0)
    check_independence(items)
    for factor, values in FACTORS.items():
        shares = np.bincount(states_of(items, factor)) / len(items)
        np.testing.assert_allclose(shares, 1 / len(values), atol=0.03)


def test_the_independence_check_notices_a_correlated_split() -> None:
    check_independence(draw_split("train", 3000, strength=0.0))
    with pytest.raises(AssertionError):
        check_independence(draw_split("train", 3000, strength=0.3))


@pytest.mark.parametrize("split", ["train", "valid"])
def test_distractors_follow_their_leaders_as_strongly_as_asked(split: str) -> None:
    by_strength = {strength: draw_split(split, 2000, strength) for strength in (0.0, 0.4, 0.8)}
    for pair in DISTRACTOR_LEADERS.items():
        none, some, more = (cramers_v(items, *pair) for items in by_strength.values())
        assert none < 0.1
        assert 0.25 < some < more


def test_the_strength_changes_distractors_only() -> None:
    for loose, tight in zip(draw_split("train", 200, 0.0), draw_split("train", 200, 1.0), strict=True):
        assert loose.item_type == tight.item_type
        for factor in DRIVER_FACTORS:
            assert loose.value_of(factor) == tight.value_of(factor)
        for part in DRIVER_PARTS:
            assert (part in loose.parts) == (part in tight.parts)


def test_no_driver_is_a_distractor_and_every_leader_is_a_driver() -> None:
    drivers = {*DRIVER_FACTORS, *DRIVER_PARTS}
    assert drivers.isdisjoint(DISTRACTOR_LEADERS)
    assert set(DISTRACTOR_LEADERS.values()) <= drivers
    assert drivers | set(DISTRACTOR_LEADERS) == {*FACTORS, *PARTS}


def test_a_distractor_part_never_lacks_its_leader() -> None:
    for parts in PARTS_OF_TYPE.values():
        for part in parts:
            leader = DISTRACTOR_LEADERS.get(part)
            assert leader is None or leader in FACTORS or leader in parts


def test_adding_items_keeps_the_earlier_ones() -> None:
    few, many = PlantedSpec(train_items=20, test_items=5), PlantedSpec(train_items=300, test_items=80)
    for image_id in planted_image_ids(few):
        if not image_id.startswith("valid"):
            assert sample_item(few, image_id) == sample_item(many, image_id)


def test_seeds_and_splits_give_different_items() -> None:
    def states(seed: int, split: str) -> list[tuple[str, tuple[str, ...]]]:
        spec = PlantedSpec(seed=seed, distractor_correlation=0.0)
        items = [sample_item(spec, f"{split}_{number:05d}") for number in range(20)]
        return [(item.item_type, item.values) for item in items]

    assert states(0, "train") != states(1, "train")
    assert states(0, "train") != states(0, "test")


def test_ids_are_sorted_and_complete() -> None:
    ids = planted_image_ids(PlantedSpec(train_items=12, valid_items=3, test_items=2))
    assert list(ids) == sorted(ids)
    assert len(ids) == 17
    assert "train_00011" in ids


@pytest.mark.parametrize("image_id", ["train_01600", "train_12", "train_-0001", "other_00000", "", "train"])
def test_unknown_ids_are_refused(image_id: str) -> None:
    with pytest.raises(BadDataset, match="planted"):
        sample_item(PlantedSpec(), image_id)
