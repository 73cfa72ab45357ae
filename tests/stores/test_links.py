"""Links inside a store are refused, whatever is asked; the store's root itself may be one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stores.artifacts import ArtifactStore
from stores.collection import delete_garbage
from stores.errors import StoreError
from stores.garbage import Garbage, find_garbage
from stores.location import Location
from stores.reachability import Roots, reachable
from stores.verification import check_shard
from tests.stores.shard_examples import KEY, STAGE, commit_example, example_parts

ACTIONS: dict[str, Callable[[Location], object]] = {
    "exists": Location.exists,
    "read": Location.read_bytes,
    "create": lambda place: place.create_bytes(b"new"),
    "replace": lambda place: place.replace_bytes(b"new"),
    "list": Location.list_names,
    "sizes": Location.file_sizes_bytes,
    "remove": Location.remove_tree,
    "flush": Location.flush_to_disk,
}


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Somebody else's folder, which looks like a stage."""
    store = ArtifactStore(str(tmp_path / "elsewhere"))
    commit_example(store, example_parts())
    return tmp_path / "elsewhere"


@pytest.fixture
def root(tmp_path: Path, elsewhere: Path) -> Path:
    """A store whose stage is a link to that folder."""
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / STAGE).symlink_to(elsewhere / STAGE)
    return tmp_path / "store"


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("below", [(), ("shards",), ("shards", KEY), ("shards", KEY, "commit.json"), ("new",)])
def test_nothing_behind_a_link_is_read_or_touched(
    root: Path, elsewhere: Path, action: str, below: tuple[str, ...]
) -> None:
    before = tree(elsewhere)
    with pytest.raises(StoreError, match="a symbolic link to") as caught:
        ACTIONS[action](Location.parse(str(root)).child(STAGE, *below))
    assert caught.value.where == str(root / STAGE)
    assert tree(elsewhere) == before


def test_collecting_does_not_follow_a_stage_that_is_a_link(root: Path, elsewhere: Path) -> None:
    before = tree(elsewhere)
    store = ArtifactStore(str(root))
    with pytest.raises(StoreError, match="a symbolic link to"):
        find_garbage(store, reachable(store, Roots()))
    # What was found before a stage became a link is not deleted behind it either.
    garbage = Garbage("shard", STAGE, (STAGE, "shards", KEY), 1, 1)
    with pytest.raises(StoreError, match="a symbolic link to"):
        list(delete_garbage(store, Roots(), [garbage]))
    assert tree(elsewhere) == before


def test_verifying_reports_a_link_within_a_shard_and_repairs_nothing(tmp_path: Path, elsewhere: Path) -> None:
    store = ArtifactStore(str(elsewhere))
    commit = store.require_commit(STAGE, KEY)
    chunk = Path(store.part_url(commit, "maps")) / "maps" / "c" / "0" / "0" / "0"
    chunk.rename(tmp_path / "chunk")
    chunk.symlink_to(tmp_path / "chunk")
    for problem in check_shard(store, STAGE, KEY, {}).problems:
        assert "a symbolic link to" in problem.error.found
        assert not problem.is_repairable
    assert check_shard(store, STAGE, KEY, {}).problems
    with pytest.raises(StoreError, match="a symbolic link to"):
        store.read_part(commit, "maps")


def test_a_link_that_leads_nowhere_or_in_a_circle_is_refused_too(tmp_path: Path) -> None:
    root = Location.parse(str(tmp_path))
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for name in ("nowhere", "circle"):
        with pytest.raises(StoreError, match="a symbolic link to"):
            root.child(name, "shards").exists()


def test_the_root_itself_may_be_a_link(tmp_path: Path, elsewhere: Path) -> None:
    (tmp_path / "link").symlink_to(elsewhere)
    store = ArtifactStore(str(tmp_path / "link"))
    assert check_shard(store, STAGE, KEY, {}).problems == ()
    (garbage,) = find_garbage(store, reachable(store, Roots()))
    assert list(delete_garbage(store, Roots(), [garbage])) == [garbage]
    assert store.read_commit(STAGE, KEY) is None
