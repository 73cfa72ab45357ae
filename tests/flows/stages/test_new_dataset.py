"""Adding a dataset: one new module and its entry in the catalogue, in a copy of the sources, and it runs."""

import json
from pathlib import Path

import pytest

from tests.flows.planted_config import write_config
from tests.flows.run_cases import copy_of_sources, in_fresh_process, states

MODULE = '''"""Plain squares that match by colour, each a little brighter than the last."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, doc

from pipeline.datasets.declaration import DatasetKind
from pipeline.datasets.records import SPLITS, DatasetIndex, ImageRecord, IndexSource, PixelSource

COLOURS = {"blue": 2, "green": 1, "red": 0}


@dataclass(frozen=True)
class SquaresSettings:
    """The keys of [dataset] that only squares have."""

    squares: Annotated[int, Ge(2), doc("squares of each colour in each split")] = 4


def build_squares_index(squares: int) -> DatasetIndex:
    """Return the index."""
    records = [
        ImageRecord(f"{split}-{colour}-{number:03d}", None, split, colour, (colour,))
        for split in SPLITS
        for colour in COLOURS
        for number in range(squares)
    ]
    ordered = tuple(sorted(records, key=lambda record: record.image_id))
    return DatasetIndex("squares", None, tuple(COLOURS), (0,) * len(COLOURS), ordered)


def make_pixels(source: PixelSource, settings: Mapping[str, Any]) -> tuple[np.ndarray, tuple[int, int]]:
    """Return the pixels of a square."""
    _, colour, number = source.image_id.split("-")
    size = settings["image_size_px"]
    pixels = np.zeros((size, size, 3), np.uint8)
    pixels[..., COLOURS[colour]] = 100 + int(number)
    return pixels, (size, size)


def _build_index(settings: SquaresSettings, _source: IndexSource) -> DatasetIndex:
    return build_squares_index(settings.squares)


SQUARES = DatasetKind(
    name="squares",
    origin="drawn",
    settings=SquaresSettings,
    pixel_settings=("kind", "image_size_px"),
    build_index=_build_index,
    index_module="pipeline.datasets.squares",
    pixels_module="pipeline.datasets.squares",
    is_rendered=True,
)
'''
IMPORT, ENTRY = "from pipeline.datasets.squares import SQUARES\n", "SQUARES, "
LOOK = """
import json, sys
from pathlib import Path
from flows.settings.file import load_settings
from flows.settings.page import render_configuration_page
from stores.artifacts import ArtifactStore
store = ArtifactStore(load_settings(Path(sys.argv[1])).store.root)
commits = store.read_commits(store.latest_manifest("images"))
images = [row for commit in commits for row in store.read_part_table(commit, "images").to_pylist()]
values = [int(commit_pixels.sum()) for commit in commits
          for commit_pixels in store.read_part_arrays(commit, "pixels", ["pixels"])["pixels"]]
print(json.dumps({"images": images, "sums": values, "page": render_configuration_page()}))
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the sources with the new module, which the catalogue does not list yet."""
    copy = copy_of_sources(tmp_path / "source")
    (copy / "pipeline" / "datasets" / "squares.py").write_text(MODULE, encoding="utf-8")
    return copy


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = write_config(tmp_path, kind='"squares"')
    lines = [line for line in path.read_text().splitlines() if "_items" not in line]
    path.write_text("\n".join(lines) + "\n")
    return path


def list_it(source: Path) -> None:
    catalogue = source / "pipeline" / "datasets" / "catalogue.py"
    text = catalogue.read_text(encoding="utf-8")
    for before, added in (("\nDATASETS", IMPORT), ("PLANTED,\n", ENTRY)):
        assert text.count(before) == 1
        text = text.replace(before, added + before)
    catalogue.write_text(text, encoding="utf-8")


def test_a_module_and_its_entry_are_a_dataset(source: Path, config: Path) -> None:
    list_it(source)
    in_fresh_process(["-m", "flows.cli", "run", str(config), "--until", "images"], source)
    answer = in_fresh_process(["-m", "flows.cli", "status", str(config), "--format", "json"], source)
    status = {row["stage"]: row for row in json.loads(answer.stdout)}
    assert states(status, "current") == {"images"}
    assert states(status, "missing") >= {"vocabulary"}
    assert "pairs.test" in status
    assert "audit" not in status
    found = json.loads(in_fresh_process(["-c", LOOK, str(config)], source).stdout)
    assert len(found["images"]) == 3 * 3 * 4
    assert {row["path"] for row in found["images"]} >= {"squares/test-red-003"}
    assert sorted(found["sums"])[-1] == 32 * 32 * 103
    assert "squares (drawn)" in found["page"]
    assert "| `dataset.squares` | whole number, at least 2 | `4` | squares: squares of each colour" in found["page"]


def test_its_own_settings_are_checked(source: Path, config: Path) -> None:
    list_it(source)
    arguments = ["-m", "flows.cli", "status", str(config), "--set"]
    refused = in_fresh_process([*arguments, "dataset.squares=1"], source, check=False)
    assert refused.returncode == 2
    assert "dataset.squares = 1" in refused.stderr


def test_a_module_without_its_entry_is_none(source: Path, config: Path) -> None:
    refused = in_fresh_process(["-m", "flows.cli", "status", str(config)], source, check=False)
    assert refused.returncode == 2
    assert "dataset.kind = 'squares'" in refused.stderr
