import time
from dataclasses import replace

import numpy as np

from pipeline.datasets.planted.drivers import similarity_targets
from pipeline.datasets.planted.index import build_planted_index
from pipeline.datasets.planted.items import sample_item
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.datasets.planted.vocabulary import TYPES, attribute_groups, attribute_names

SPEC = PlantedSpec(train_items=30, valid_items=10, test_items=12, image_size_px=32)


def test_records_are_sorted_labelled_and_rendered_rather_than_read() -> None:
    index = build_planted_index(SPEC)
    ids = [record.image_id for record in index.records]
    assert ids == sorted(ids)
    assert len(ids) == 52
    assert index.root is None
    assert (index.attribute_names, index.attribute_groups) == (attribute_names(), attribute_groups())
    for record in index.records:
        assert record.path is None
        assert record.label in TYPES
        assert record.image_id.startswith(record.split)
        assert list(record.attributes) == [name for name in attribute_names() if name in record.attributes]


def test_records_agree_with_items_and_their_similarity() -> None:
    index = build_planted_index(SPEC)
    items = [sample_item(SPEC, record.image_id) for record in index.records]
    assert [record.attributes for record in index.records] == [item.attributes for item in items]
    targets = np.array([record.similarity_target for record in index.records])
    np.testing.assert_array_equal(targets, similarity_targets(SPEC, items))


def test_labels_and_classes_follow_the_mode_and_targets_the_item() -> None:
    spec = replace(SPEC, label_mode="class", classes=4, class_noise=0.3)
    index = build_planted_index(spec)
    items = [sample_item(spec, record.image_id) for record in index.records]
    assert {record.label for record in index.records} <= {f"class_{number:03d}" for number in range(4)}
    by_label = {record.label: record.attributes for record in index.records}
    assert all(record.attributes == by_label[record.label] for record in index.records)
    assert any(record.attributes != item.attributes for record, item in zip(index.records, items, strict=True))
    targets = np.array([record.similarity_target for record in index.records])
    np.testing.assert_array_equal(targets, similarity_targets(spec, items))


def test_an_index_of_thousands_takes_about_a_second() -> None:
    started = time.process_time()
    build_planted_index(PlantedSpec(train_items=2200))
    # Generous, because other work may share the processor.
    assert time.process_time() - started < 3
