"""Every kind of planted similarity: registered, positive, blind to what it does not depend on; no constant is best."""

from collections import Counter
from dataclasses import replace
from functools import cache
from typing import get_args

import numpy as np
import pytest

from pipeline.datasets.planted.drivers import DRIVER_KINDS, driver_attributes, similarity_targets
from pipeline.datasets.planted.edits import attribute_edits
from pipeline.datasets.planted.index import build_planted_index
from pipeline.datasets.planted.item_edits import apply_edit
from pipeline.datasets.planted.items import Item, sample_item
from pipeline.datasets.planted.renderer import render_item
from pipeline.datasets.planted.similarity import MIXED
from pipeline.datasets.planted.spec import Drivers, PlantedSpec
from pipeline.datasets.planted.vocabulary import attribute_names

KINDS = list(DRIVER_KINDS)
NAMED = [kind for kind in KINDS if driver_attributes(kind)]
COUNT, MATCH = 250, 0.5


@cache
def items_of(kind: str) -> tuple[PlantedSpec, list[Item]]:
    spec = PlantedSpec(seed=8, test_items=COUNT, drivers=kind)
    return spec, [sample_item(spec, f"test_{number:05d}") for number in range(COUNT)]


def unit_rows(spec: PlantedSpec, items: list[Item]) -> np.ndarray:
    targets = similarity_targets(spec, items)
    return targets / np.linalg.norm(targets, axis=1, keepdims=True)


def test_the_registry_has_what_settings_can_name() -> None:
    assert tuple(KINDS) == get_args(Drivers)
    for kind in KINDS:
        names = driver_attributes(kind)
        assert list(names) == [name for name in attribute_names() if name in names]
    assert driver_attributes("unnamed") == ()


def test_mixed_is_the_linear_similarity_of_mixed_drivers() -> None:
    spec, items = items_of("mixed")
    np.testing.assert_array_equal(similarity_targets(spec, items), MIXED.coordinates(items))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_finite_and_none_is_zero(kind: str) -> None:
    spec, items = items_of(kind)
    targets = similarity_targets(spec, items)
    assert targets.dtype == np.float64
    assert np.isfinite(targets).all()
    assert (np.linalg.norm(targets, axis=1) > 0.2).all()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_the_drivers_counts_and_each_driver_does(kind: str) -> None:
    spec, items = items_of(kind)
    moving = set()
    for item in items[:120]:
        for name in item.attributes:
            edited = similarity_targets(spec, [apply_edit(item, edit) for edit in attribute_edits(item, name)])
            if not np.array_equal(edited, np.repeat(similarity_targets(spec, [item]), len(edited), axis=0)):
                moving.add(name)
    assert moving == set(driver_attributes(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_some_pairs_match_and_some_do_not(kind: str) -> None:
    units = unit_rows(*items_of(kind))
    similarities = units @ units.T
    matches = (similarities >= MATCH) & ~np.eye(COUNT, dtype=bool)
    assert 0.02 < matches.mean() < 0.6
    assert matches.any(axis=1).all()


def best_attributes(kind: str) -> tuple[Counter, float]:
    """How often each attribute is the best of random matches, and how often it is by at least a tenth."""
    spec, items = items_of(kind)
    units = unit_rows(spec, items)
    matches = np.argwhere((units @ units.T >= MATCH) & ~np.eye(COUNT, dtype=bool))
    rng = np.random.default_rng(0)
    best, clear = Counter(), 0
    for query, reference in matches[rng.choice(len(matches), 150, replace=False)]:
        effects = {}
        for name in set(items[query].attributes) & set(driver_attributes(kind)):
            edited = [apply_edit(items[query], edit) for edit in attribute_edits(items[query], name)]
            drops = units[query] @ units[reference] - unit_rows(spec, edited) @ units[reference]
            effects[name] = float(drops.mean())
        if not effects:
            # An item without any part is like others without by its type alone.
            continue
        ordered = sorted(effects.values(), reverse=True)
        clear += len(ordered) == 1 or ordered[1] < 0.9 * ordered[0]
        best[max(sorted(effects), key=lambda name: effects[name])] += 1
    return best, clear / best.total()


@pytest.mark.parametrize("kind", NAMED)
def test_no_constant_answer_wins_and_the_best_is_seldom_a_tie(kind: str) -> None:
    best, clear = best_attributes(kind)
    assert best.total() > 140
    assert best.most_common(1)[0][1] <= 0.45 * best.total()
    assert clear > 0.6


@pytest.mark.parametrize("kind", KINDS)
def test_items_pixels_and_labels_do_not_depend_on_the_drivers(kind: str) -> None:
    spec = PlantedSpec(train_items=6, valid_items=2, test_items=3, image_size_px=24)
    other = replace(spec, drivers=kind)
    for one, two in zip(build_planted_index(spec).records, build_planted_index(other).records, strict=True):
        assert replace(one, similarity_target=None) == replace(two, similarity_target=None)
        np.testing.assert_array_equal(render_item(spec, one.image_id), render_item(other, two.image_id))
