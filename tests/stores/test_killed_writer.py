"""A writer killed with SIGKILL at any point leaves nothing that the next run could mistake for a result.

The child process dies inside a replaced method; the product code has no hooks.
"""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stores.artifacts import ArtifactStore
from stores.maintenance import list_leftovers, verify_commit
from stores.manifests import Commit

KEY = "ab" * 32

CHILD = """
import os, signal, sys
import numpy as np
from stores.artifacts import ArtifactStore
from stores.location import Location
from stores.parts import ArraysPart, FilePart, TablePart, TensorsPart
from stores.tables import table_from_rows
from tests.table_schemas import SCHEMAS

root, moment = sys.argv[1:]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

create = Location.create_bytes
def create_or_die(self, data):
    if self.path.endswith("commit.json") and moment == "before_commit":
        die()
    created = create(self, data)
    if self.path.endswith("commit.json") and moment == "after_commit":
        die()
    if self.path.endswith(".parquet") and moment == "between_payloads":
        die()
    return created
Location.create_bytes = create_or_die

link = os.link
def link_or_die(source, target, **options):
    if str(target).endswith("commit.json") and moment == "before_link":
        die()
    link(source, target, **options)
os.link = link_or_die

flush = Location.flush_to_disk
def flush_or_die(self):
    if moment == "within_zarr":
        os.unlink(os.path.join(self.path, "maps", "c", "0", "0", "0"))
        die()
    flush(self)
Location.flush_to_disk = flush_or_die

maps = np.arange(24, dtype=np.float16).reshape(2, 3, 4)
row = {"pair_id": "p", "query": "q", "reference": "r", "row": 0, "map_sha256": "00"}
parts = {
    "report": FilePart("report.html", b"<html>"),
    "rows": TablePart(SCHEMAS["map_rows"], table_from_rows(SCHEMAS["map_rows"], [row])),
    "model": TensorsPart({"weight": maps.astype(np.float32)}, {}),
    "maps": ArraysPart({"maps": maps}, {"maps": ("pair", "y", "x")}),
}
store = ArtifactStore(root)
store.commit_shard("maps.test", "ab" * 32, "q000", parts, {"pairs": 2}, 1.0, {})
"""


def _run_child(root: Path, moment: str) -> int:
    command = [sys.executable, "-c", CHILD, str(root), moment]
    return subprocess.run(command, cwd=Path(__file__).parents[2], check=False).returncode


def _commit_in(root: Path) -> Commit | None:
    return ArtifactStore(str(root)).read_commit("maps.test", KEY)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Commit:
    root = tmp_path_factory.mktemp("uninterrupted")
    assert _run_child(root, "never") == 0
    commit = _commit_in(root)
    assert commit is not None
    return commit


@pytest.mark.parametrize("moment", ["between_payloads", "within_zarr", "before_commit", "before_link"])
def test_a_rerun_after_a_kill_before_the_commit_gives_the_uninterrupted_result(
    tmp_path: Path, uninterrupted: Commit, moment: str
) -> None:
    assert _run_child(tmp_path, moment) == -signal.SIGKILL
    assert _commit_in(tmp_path) is None
    assert _run_child(tmp_path, "never") == 0
    commit = _commit_in(tmp_path)
    assert commit is not None
    assert commit.digest == uninterrupted.digest
    assert verify_commit(ArtifactStore(str(tmp_path)), commit) == []


def test_a_kill_after_the_commit_leaves_a_result_that_the_rerun_keeps(tmp_path: Path, uninterrupted: Commit) -> None:
    assert _run_child(tmp_path, "after_commit") == -signal.SIGKILL
    commit = _commit_in(tmp_path)
    assert commit is not None
    assert commit.digest == uninterrupted.digest
    assert _run_child(tmp_path, "never") == 0
    assert _commit_in(tmp_path) == commit
    assert list_leftovers(ArtifactStore(str(tmp_path)), commit) == []
    json.loads((tmp_path / "maps.test" / "shards" / KEY / "commit.json").read_text())
