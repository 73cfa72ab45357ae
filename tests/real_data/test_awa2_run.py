"""A small run on the photographs that SANE_REAL_DATA names, by the configuration that people start from."""

import os
from pathlib import Path

import pytest

from flows.engine.code_identity import SOURCE_ROOT
from flows.settings.file import load_settings
from tests.flows.run_cases import Tables, run_quietly

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

SMALL = (
    "dataset.image_size_px=64",
    "similarity_model.network=small_residual",
    "similarity_model.epochs=1",
    "pairs.train=20",
    "pairs.valid=20",
    "pairs.test=20",
    "saliency.rise.masks=20",
    "saliency.rise.supervision_masks=20",
    "attribute_model.backbone=small_residual",
    "attribute_model.epochs=1",
    "evaluation.bootstrap_samples=100",
    "compute.device=cpu",
    "compute.threads=1",
)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The tables of a run up to its figures; a folder that is named but missing is a failure."""
    named = os.environ.get("SANE_REAL_DATA")
    if not named:
        pytest.skip("SANE_REAL_DATA is not set: it names the folder that holds awa2/Animals_with_Attributes2")
    root = Path(named).resolve() / "awa2" / "Animals_with_Attributes2"
    assert root.is_dir(), f"SANE_REAL_DATA is set to {named!r}, but there is no folder {root}"
    paths = (f"dataset.root={root}", f"store.root={tmp_path_factory.mktemp('photographs')}")
    chosen = load_settings(SOURCE_ROOT / "configs" / "awa2.toml", (*SMALL, *paths))
    run_quietly(chosen, until="metrics")
    return Tables(chosen)


def rows(tables: Tables, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in tables.ask(sql)]


def test_every_photograph_is_used_in_its_split(tables: Tables) -> None:
    counts = rows(tables, "select split, count(*), count(distinct label) from images group by 1 order by 1")
    assert counts == [("test", 596, 6), ("train", 848, 11), ("valid", 220, 11)]
    assert rows(tables, "select count(*) from images") == [(1664,)]
    assert rows(tables, "select count(*) from unreadable_images") == [(0,)]
    assert rows(tables, "select count(*) from attribute_vocabulary") == [(85,)]


def test_pairs_are_as_many_as_asked_for_and_of_one_class(tables: Tables) -> None:
    assert rows(tables, "select split, count(*) from pairs group by 1 order by 1") == [
        ("test", 20),
        ("train", 20),
        ("valid", 20),
    ]
    mixed = (
        "select count(*) from pairs p join images q on p.query = q.image_id "
        "join images r on p.reference = r.image_id where q.label <> r.label or q.split <> p.split"
    )
    assert rows(tables, mixed) == [(0,)]


def test_the_figures_exist(tables: Tables) -> None:
    wanted = {
        "saliency_faithfulness": {"insertion_auc", "deletion_auc", "insertion_auc_anchored", "deletion_auc_anchored"},
        "attribute_explanation": {"top1_accuracy", "removal", "distinct_per_query", "constant_attributes"},
        "attribute_recognition": {"map"},
    }
    for table, metrics in wanted.items():
        found = rows(tables, f"select distinct metric from metrics where table_name = '{table}'")
        assert {name for (name,) in found} >= metrics
    per_generator = "select generator, n, value from metrics where metric = 'insertion_auc' order by 1"
    figures = rows(tables, per_generator)
    assert [(name, n) for name, n, _ in figures] == [("centre", 20), ("random", 20), ("rise", 20)]
    assert all(isinstance(value, float) for _, _, value in figures)
    # walks, quadrapedal, newworld, oldworld, ground and smart are in all test classes; others in none.
    constant = rows(tables, "select value, n from metrics where metric = 'constant_attributes'")[0]
    assert 6 <= float(str(constant[0])) < 85


def test_explanations_rank_ten_of_the_attributes_for_every_pair(tables: Tables) -> None:
    sql = "select count(distinct pair_id), count(distinct rank), count(*) from explanations group by variant"
    assert set(rows(tables, sql)) == {(20, 10, 200)}
    assert rows(tables, "select count(*) from metrics where table_name = 'audit'") == [(0,)]
