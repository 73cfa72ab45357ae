"""The release of rendered items is read as CUB's is, and its points lie where the parts are."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import parts_of_rendered_items as module
from flows.settings.file import load_settings
from pipeline.datasets.cub200.index import build_cub_index
from pipeline.datasets.cub200.parts import parts_of_attribute, read_part_locations
from pipeline.datasets.planted.edits import changed_region
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.datasets.planted.vocabulary import attribute_names, part_attribute
from tests.pipeline.evaluation.broken_copy import broken_copy

IMAGES, CLASSES = 80, 8
SPEC = PlantedSpec(0, IMAGES, 0, 0, 64, label_mode="class", classes=CLASSES, class_noise=0.2)
ITEM_PARTS = {bird: item for item, (bird, _) in module.BIRD_PARTS.items()}


def share_of_hits(root: Path) -> float:
    """Return how many points lie on pixels that an edit of their part changes."""
    return float(
        np.mean(
            [
                changed_region(SPEC, one.image_id, part_attribute(ITEM_PARTS[one.part]))[int(one.y_px), int(one.x_px)]
                for one in read_part_locations(root)
            ]
        )
    )


def check_release(tested, folder: Path) -> None:
    root = tested.write_release(folder, IMAGES, CLASSES)
    index = build_cub_index(root)
    assert len(index.records) == IMAGES
    kinds = {name: tested.attribute_number(name) for name in attribute_names()}
    assert index.attribute_names == tuple(name for _, name in sorted(kinds.values()))
    located = {(one.image_id, one.part) for one in read_part_locations(root)}
    of_attributes = {
        (record.image_id, part)
        for record in index.records
        for name in record.attributes
        for part in parts_of_attribute(name)
    }
    assert located == of_attributes
    assert share_of_hits(root) == 1.0
    assert load_settings(folder / "parts.toml", ()).dataset.kind == "cub200"


def test_parts_of_items_are_parts_of_birds(tmp_path: Path) -> None:
    check_release(module, tmp_path)


def test_a_broken_writer_is_noticed(tmp_path: Path) -> None:
    broken = broken_copy(module, tmp_path, "{place[0] + 0.5} {place[1] + 0.5}", "{place[1] + 0.5} {place[0] + 0.5}")
    with pytest.raises((AssertionError, IndexError)):
        check_release(broken, tmp_path / "release")


def test_wrong_places_are_those_of_other_images(tmp_path: Path) -> None:
    assert module.exchanged([(1, 2), None, (3, 4), (5, 6)]) == [(3, 4), None, (5, 6), (1, 2)]
    assert share_of_hits(module.write_release(tmp_path, IMAGES, CLASSES, wrong_places=True)) < 0.8
