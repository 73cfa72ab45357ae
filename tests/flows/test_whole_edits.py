"""Edits of whole items as a stage: of rendered items, and of a small catalogue of photographs."""

import numpy as np
import pytest

from stores.artifacts import ArtifactStore
from tests.flows.costs.test_counts import costs_of
from tests.flows.run_cases import FinishedRun
from tests.flows.test_recolouring import write_catalogue

STAGE = "edit_effects.test"
ROWS = "select e.*, p.query, p.reference from edit_effects e join pairs p using (pair_id)"


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    run = FinishedRun(write_catalogue(tmp_path_factory.mktemp("catalogue")))
    run.run(until=STAGE)
    return run


def test_rendered_items_are_edited_in_every_way(finished_run: FinishedRun) -> None:
    rows = finished_run.query(ROWS)
    pairs = finished_run.query("select pair_id from pairs where split = 'test'")
    assert len(rows) == 3 * len(pairs)
    assert {(row["edit"], row["reason"]) for row in rows} <= {
        ("mirrored", None),
        ("background", None),
        ("greyscale", None),
        ("greyscale", "hardly any colour to take"),
    }
    assert all((row["effect"] is None) == (row["reason"] is not None) for row in rows)
    assert len({row["effect"] for row in rows if row["effect"] is not None}) > len(pairs)
    figures = finished_run.query(
        "select variant, n from metrics where table_name = 'edit_effects' and metric = 'cause_share' order by 1"
    )
    assert [row["variant"] for row in figures] == ["background", "greyscale", "mirrored"]
    assert figures[0]["n"] == len(pairs)


def test_photographs_are_edited_or_have_a_reason(catalogue: FinishedRun) -> None:
    rows = catalogue.query(ROWS)
    bags = catalogue.query("select image_id from images where split = 'test' and label = 'bags' order by 1")
    left_out = {(row["query"], row["reason"]) for row in rows if row["reason"] is not None}
    # The first bag lies on grey; the second is striped, which keeps its colour alone from being edited.
    assert left_out == {(bags[0]["image_id"], "no white ground")}
    measured = [row for row in rows if row["reason"] is None]
    assert len(measured) == 3 * 11
    assert all(0 < abs(row["effect"]) <= 2 for row in measured if row["edit"] != "mirrored")


def test_the_kept_edits_are_those_that_are_named(catalogue: FinishedRun) -> None:
    store = ArtifactStore(str(catalogue.store))
    kept = {}
    for commit in store.read_commits(catalogue.manifest(STAGE)):
        items = store.read_part_table(commit, "edited_items").to_pylist()
        for item, edited in zip(items, store.read_part_arrays(commit, "edited_pixels")["pixels"], strict=True):
            kept[item["query"]] = item["edit"], edited
    assert len(kept) == 11
    for edit, edited in kept.values():
        is_white = (edited[0] > 250).all()
        is_grey = np.ptp(edited.astype(int), axis=2).max() < 8
        assert edit == ("background" if not is_white else "greyscale" if is_grey else "mirrored")


def test_nothing_is_measured_twice_and_costs_are_a_bound(catalogue: FinishedRun) -> None:
    assert catalogue.computed(until=STAGE) == {}
    used = catalogue.manifest(STAGE).details["counts"]["forward_passes"]
    cost = costs_of(catalogue.settings("store.root=elsewhere"))[STAGE]
    # All twelve queries, of which one cannot be cut out.
    assert (used, cost.forward_passes, cost.is_upper_bound) == (11 * 4, 12 * 4, True)
