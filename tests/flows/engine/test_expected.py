"""What follows from one changed attribute of one image: foretold as it comes, and named."""

import csv
from pathlib import Path

import pytest

from tests.flows.fake_folder import write_fake_folder
from tests.flows.run_cases import FinishedRun

CHANGED = "grey test+1"
# Both read attributes of test images; they need all that does not.
LAST = ("replacements.test", "embedding_effects.test")


@pytest.fixture(scope="module")
def folder_run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    run = FinishedRun(write_fake_folder(tmp_path_factory.mktemp("folder")))
    for stage in LAST:
        run.run(until=stage)
    return run


def edit(run: FinishedRun, **cells: str) -> None:
    """Write other cells into the row of one test image."""
    path = run.config.parent / "items.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["image_id"] == CHANGED:
            row.update(cells)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def to_do(run: FinishedRun) -> dict[str, int]:
    """Return the shards that a run is expected to do, of the stages that were made before."""
    costs = run.status(command="plan")
    made = {path.name for path in run.store.iterdir()}
    return {name: row["shards_to_do"] for name, row in costs.items() if name in made and row["shards_to_do"]}


def test_an_attribute_cell_costs_what_was_foretold(folder_run: FinishedRun, tmp_path: Path) -> None:
    run = folder_run.copy_to(tmp_path / "copy")
    assert to_do(run) == {}
    edit(run, attributes="bright")
    status = run.status()
    assert status["images"]["reasons"][0] == f"test/{CHANGED}: attributes changed"
    assert status["embeddings"]["reasons"][1] == "nothing that it reads is expected to change"
    foretold = to_do(run)
    assert foretold == {"images": 1, **dict.fromkeys(LAST, 1)}
    assert sum(row["forward_passes"] for name, row in run.status(command="plan").items() if name in foretold) == 0
    done = {name: count for stage in LAST for name, count in run.computed(until=stage).items()}
    assert done == foretold


def test_a_result_that_reads_the_image_names_it(folder_run: FinishedRun, tmp_path: Path) -> None:
    run = folder_run.copy_to(tmp_path / "copy")
    edit(run, attributes="bright")
    run.run(until="images")
    assert run.status()["replacements.test"]["reasons"][0] == f"images: {CHANGED}: attributes changed"


def test_a_changed_file_leaves_open_what_follows(folder_run: FinishedRun, tmp_path: Path) -> None:
    run = folder_run.copy_to(tmp_path / "copy")
    other = run.config.parent / "pictures" / "test" / "red test+0.png"
    (run.config.parent / "pictures" / "test" / f"{CHANGED}.png").write_bytes(other.read_bytes())
    status = run.status()
    assert status["images"]["reasons"][0] == f"test/{CHANGED}: file changed"
    assert status["embeddings"]["reasons"] == ["will be checked after images, similarity_model"]


def test_a_label_reaches_the_pairs(folder_run: FinishedRun, tmp_path: Path) -> None:
    run = folder_run.copy_to(tmp_path / "copy")
    edit(run, label="red")
    status = run.status()
    assert status["images"]["reasons"][0] == f"test/{CHANGED}: label changed"
    assert status["pairs.test"]["reasons"][1] == "to do"
    assert status["similarity_model"]["reasons"][1] == "nothing that it reads is expected to change"


def test_pixels_are_named_in_the_shards_where_they_changed(folder_run: FinishedRun, tmp_path: Path) -> None:
    run = folder_run.copy_to(tmp_path / "copy")
    edit(run, attributes="bright")
    first, second = sorted((run.config.parent / "pictures" / "train").iterdir())[:2]
    first.write_bytes(second.read_bytes())
    run.run(until="images")
    (reason,) = [one for one in run.status()["similarity_model"]["reasons"] if ": pixels changed in " in one]
    # The shard of the test image holds another attribute, and the same pixels.
    assert "train/" in reason
    assert "test/" not in reason
