from dataclasses import replace

import pytest

from pipeline.datasets.planted import labels as module
from pipeline.datasets.planted.items import class_vector, sample_item
from pipeline.datasets.planted.labels import given_attributes, image_label
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.datasets.planted.vocabulary import TYPES, attribute_names
from tests.pipeline.evaluation.broken_copy import broken_copy

COUNT = 400
DENSE = PlantedSpec(seed=2, train_items=COUNT)
SPARSE = replace(DENSE, label_mode="sparse", unlabelled_share=0.3)
CLASSES = replace(DENSE, label_mode="class", classes=5, class_noise=0.1)
IDS = [f"train_{number:05d}" for number in range(COUNT)]


def test_dense_and_correlated_labels_are_what_the_item_has() -> None:
    for spec in (DENSE, replace(DENSE, label_mode="correlated")):
        for image_id in IDS[:50]:
            item = sample_item(spec, image_id)
            assert given_attributes(spec, item) == item.attributes
            assert image_label(item) == item.item_type


def assert_thinned(tested=module) -> None:
    given, had = 0, 0
    patterns = set()
    for image_id in IDS:
        item = sample_item(SPARSE, image_id)
        labelled = tested.given_attributes(SPARSE, item)
        assert set(labelled) <= set(item.attributes)
        assert list(labelled) == [name for name in attribute_names() if name in labelled]
        given, had = given + len(labelled), had + len(item.attributes)
        patterns.add(tuple(name in labelled for name in item.attributes[:4]))
    assert 1 - given / had == pytest.approx(0.3, abs=0.03)
    assert len(patterns) == 16


def test_sparse_labels_leave_out_a_share_of_the_positives() -> None:
    assert_thinned()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("draw >= spec.unlabelled_share", "draw < spec.unlabelled_share"), ("item.image_id", "item.item_type")],
    ids=["share that is left", "one draw a type"],
)
def test_broken_copies_are_noticed(tmp_path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_thinned(broken_copy(module, tmp_path, right, wrong))


def test_items_do_not_depend_on_thinning_and_labels_not_on_other_items() -> None:
    few = replace(SPARSE, train_items=3)
    for image_id in IDS[:3]:
        item = sample_item(SPARSE, image_id)
        assert item == sample_item(DENSE, image_id)
        assert given_attributes(few, item) == given_attributes(SPARSE, item)
    other = replace(SPARSE, seed=3)
    item = sample_item(SPARSE, IDS[0])
    assert len({given_attributes(replace(other, seed=seed), item) for seed in range(20)}) > 5


def test_classes_share_labels_and_items_follow_them_up_to_noise() -> None:
    items = [sample_item(CLASSES, image_id) for image_id in IDS]
    by_label = {image_label(item): given_attributes(CLASSES, item) for item in items}
    assert sorted(by_label) == [f"class_{number:03d}" for number in range(5)]
    assert len(set(by_label.values())) == 5
    changed = 0
    for item in items:
        prototype = class_vector(CLASSES, item)
        assert given_attributes(CLASSES, item) == by_label[image_label(item)] == prototype.attributes
        assert item.item_type == prototype.item_type in TYPES
        changed += sum(own != its for own, its in zip(item.values, prototype.values, strict=True))
    # Of 6, 4, 4 and 4 values a new draw is another one in 5 / 6 or 3 / 4 of the cases.
    expected = 0.1 * (5 / 6 + 3 * 3 / 4) / 4
    assert changed / (4 * COUNT) == pytest.approx(expected, abs=0.02)


def test_without_noise_items_of_a_class_have_its_attributes_in_every_split() -> None:
    spec = replace(CLASSES, class_noise=0.0, test_items=30)
    for image_id in [*IDS[:30], *(f"test_{number:05d}" for number in range(30))]:
        item = sample_item(spec, image_id)
        assert item.attributes == given_attributes(spec, item)
