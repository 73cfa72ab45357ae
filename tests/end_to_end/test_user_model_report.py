"""The report of a whole run of a user's model on outfits: figures under conditions, its checks, conditions of pairs."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.report_reading import CHANCE, compatibility_rows, section_rows, section_text
from tests.flows.fake_outfits import write_outfit_config
from tests.flows.run_cases import FinishedRun
from tests.flows.user_model.test_user_conditions import HIDDEN, HIDDEN_MODEL, MASKS, with_model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FinishedRun]:
    """A run of a few lines that pool pixels; the condition shoes|tops has no mask."""
    folder: Path = tmp_path_factory.mktemp("outfits")
    path = list(sys.path)
    config = write_outfit_config(folder)
    finished = with_model(config, folder / "run", HIDDEN_MODEL, {"hidden.py": HIDDEN, "masks.txt": MASKS})
    finished.run()
    yield finished
    sys.path[:] = path


def test_figures_are_those_of_the_metrics_table(run: FinishedRun) -> None:
    rows = section_rows(run, "model")
    scorings = {
        "type_aware": "under conditions each pair of items by the mask of its two types",
        "general": "general embedding every pair of items alike",
    }
    expected = compatibility_rows(run, scorings)
    assert rows[: len(expected)] == expected
    # Masks matter, so no row can stand for the other.
    assert expected[0][1:] != expected[1][1:]
    assert expected[2] == CHANCE


def test_checks_are_those_of_the_model(run: FinishedRun) -> None:
    rows = section_rows(run, "model")
    checks = {row["measure"]: row for row in run.query("select * from model_checks")}
    shown = rows[rows.index(CHANCE) + 1 :]
    assert len(shown) == len(checks) == 10
    cells = {row[0]: row[1:] for row in shown}
    assert cells["length of its vectors dimensions"] == ["6", "–"]
    assert cells["masks that the model offers"] == ["2", "–"]
    assert cells["conditions without a mask scored by the general embedding"] == ["1", "–"]
    found, limit = cells["different images of the dataset largest distance"]
    assert float(found) == pytest.approx(checks["largest_distance_in_dataset"]["value"], rel=0.06)
    assert limit == f"≥ {checks['largest_distance_in_dataset']['limit']}"
    assert cells["alone and in a batch largest distance between an image’s two vectors"][1] == "≤ 0.001"


def test_pairs_tell_their_condition_and_whether_it_has_a_mask(run: FinishedRun) -> None:
    text = section_text(run, "pairs")
    found = {
        row["condition"]: row["n"]
        for row in run.query("select condition, count(*) n from pairs where split = 'test' group by 1")
    }
    # As many pairs as there are cards: every one is shown.
    assert sum(found.values()) == 24
    assert text.count("types shoes|tops, no mask · similarity") == found["shoes|tops"] > 0
    assert text.count("types bags|shoes · similarity") == found["bags|shoes"] > 0
    told = section_text(run, "model")
    assert f"explained pairs without a mask {found['shoes|tops']} of 24" in told
    assert "test items seen before 0 of" in told
