"""Which images changed since they were read, and the rows that reading them again will give."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flows.engine.item_changes import item_changes
from flows.engine.stage import ShardPlan
from stores.artifacts import ArtifactStore
from stores.manifests import Commit

if TYPE_CHECKING:
    import pyarrow as pa

# What a dataset's index says of an image, as its users call it.
COLUMNS = {"path": "path", "sha256": "file", "label": "label", "attributes": "attributes"}
OWN_COLUMNS = ("path", "split", "label", "attributes", "similarity_target")


def changed_images(store: ArtifactStore, gone: Sequence[Commit], new: Sequence[ShardPlan]) -> list[str]:
    """Return lines such as "test/cat_7: attributes changed", "test/cat_9: added", for images in the shards that differ.

    Files that could not be read before have no row to compare, and are left out.

    Raises:
        StoreError: an earlier shard cannot be read.
    """
    old_items, unreadable = {}, set()
    for commit in gone:
        for row in store.read_part_table(commit, "images", ["image_id", "split", *COLUMNS]).to_pylist():
            old_items[_name(row)] = _shown(row)
        unreadable |= set(store.read_part_table(commit, "unreadable_images", ["path"])["path"].to_pylist())
    rows = [row for shard in new for row in shard.work["rows"] if row["path"] not in unreadable]
    return item_changes(old_items, {_name(row): _shown(row) for row in rows})


def expected_images(store: ArtifactStore, commit: Commit, shard: ShardPlan) -> "Mapping[str, pa.Table] | None":
    """Return the table `images` of a shard whose files are those of an earlier one; None where a file is another.

    Raises:
        StoreError: the earlier shard cannot be read.
    """
    import pyarrow as pa

    old = store.read_part_table(commit, "images")
    unreadable = store.read_part_table(commit, "unreadable_images")["path"].to_pylist()
    rows = [row for row in shard.work["rows"] if row["path"] not in unreadable]
    known = old.to_pylist()
    if len(rows) != len(known) or not all(map(_is_same_file, known, rows)):
        return None
    own = [{**before, **_own(row)} for before, row in zip(known, rows, strict=True)]
    return {"images": pa.Table.from_pylist(own, schema=old.schema)}


def _is_same_file(known: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    # A rendered item has no file: its pixels follow from its id.
    return bool(known["image_id"] == row["image_id"] and row["sha256"] in (None, known["sha256"]))


def _own(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in OWN_COLUMNS if row[name] is not None or name == "similarity_target"}


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['split']}/{row['image_id']}"


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    # What a rendered item has no value for in the index, the store fills in.
    return {shown: row[column] for column, shown in COLUMNS.items() if row[column] is not None}
