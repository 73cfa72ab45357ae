"""The lines of docs/data-formats.md that read a map with plain Zarr and PyArrow, run as they stand there."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.results import Results, open_results
from tests.flows.run_cases import FinishedRun

PAGE = Path(__file__).resolve().parents[3] / "docs" / "data-formats.md"
STAGE = "saliency_maps.test.rise.fixed"
OWN_PACKAGES = re.compile(r"\b(?:pipeline|stores|flows)\b")


@pytest.fixture(scope="module")
def results(finished_run: FinishedRun) -> Results:
    return open_results(finished_run.config)


def lines_of_the_page() -> str:
    section = PAGE.read_text(encoding="utf-8").partition("\n## Without this project\n")[2].partition("\n## ")[0]
    (lines,) = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
    return str(lines)


def map_by_the_page(store: Path, pair_id: str) -> np.ndarray:
    names: dict[str, Any] = {"store": str(store), "stage": STAGE, "pair_id": pair_id}
    exec(lines_of_the_page(), names)  # noqa: S102
    found: np.ndarray = names["map_yx"]
    return found


def test_the_lines_need_nothing_of_this_project() -> None:
    lines = lines_of_the_page()
    assert not OWN_PACKAGES.search(lines)
    assert OWN_PACKAGES.search("from stores.artifacts import ArtifactStore")


def test_the_lines_read_the_map_of_every_pair(finished_run: FinishedRun, results: Results) -> None:
    pair_ids = results.table("pairs").to_pylist()
    tested = [row["pair_id"] for row in pair_ids if row["split"] == "test"]
    found = {pair_id: map_by_the_page(finished_run.store, pair_id) for pair_id in tested}
    for pair_id in tested:
        assert np.array_equal(found[pair_id].astype(np.float32), results.map(pair_id))
    # Maps of pairs are told apart, so that a wrong row would be noticed.
    assert len({found[pair_id].tobytes() for pair_id in tested}) == len(tested)


def test_the_lines_believe_the_newest_manifest(run_copy: FinishedRun) -> None:
    overrides = ("saliency.rise.masks=25",)
    run_copy.run(*overrides, until=STAGE)
    before, after = open_results(run_copy.config), open_results(run_copy.config, overrides)
    pair_id = next(row["pair_id"] for row in before.table("pairs").to_pylist() if row["split"] == "test")
    earlier_map = before.map(pair_id)
    found = map_by_the_page(run_copy.store, pair_id).astype(np.float32)
    assert np.array_equal(found, after.map(pair_id))
    assert not np.array_equal(found, earlier_map)
    # The other way round, so that no order of names passes for the order in time.
    (earlier,) = (
        file for file in (run_copy.store / STAGE).glob("*.json") if file.stem != run_copy.manifest(STAGE).fingerprint
    )
    record = json.loads(earlier.read_bytes())
    earlier.write_text(json.dumps({**record, "created": "2999" + record["created"][4:]}))
    found = map_by_the_page(run_copy.store, pair_id).astype(np.float32)
    assert np.array_equal(found, earlier_map)


def test_the_lines_know_no_pair_that_there_is_not(finished_run: FinishedRun) -> None:
    with pytest.raises(KeyError):
        map_by_the_page(finished_run.store, "0" * 16)
