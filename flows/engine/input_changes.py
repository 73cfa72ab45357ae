"""What changed in a result that a stage reads, in words: by shard, column and row, as far as commits and tables say."""

from collections.abc import Sequence
from typing import Any

from flows.engine.item_changes import Items, item_changes, listed
from stores.artifacts import ArtifactStore
from stores.errors import StoreError
from stores.manifests import Commit, Manifest

# Rows are compared in so many shards at most; of more, only which columns changed is said.
MOST_SHARDS = 16
MOST_LINES = 3


def input_changes(store: ArtifactStore, old: Manifest | None, new: Manifest) -> list[str]:
    """Return lines that say how a result differs from the one that was read before, each beginning with its stage.

    Args:
        store: of both.
        old: the result that was read; None where it is gone.
        new: the result that is current.
    """
    if old is None:
        return [f"{new.stage}: its result changed"]
    try:
        lines = _shard_changes(store, old, new)
    except StoreError:
        lines = []  # of the earlier result something is gone
    more = [f"and {len(lines) - MOST_LINES} other changes"] if len(lines) > MOST_LINES else []
    return [f"{new.stage}: {line}" for line in [*lines[:MOST_LINES], *more] or ["its result changed"]]


def _shard_changes(store: ArtifactStore, old: Manifest, new: Manifest) -> list[str]:
    before = dict(zip(old.shard_labels, zip(old.shard_keys, old.digests, strict=True), strict=True))
    after = dict(zip(new.shard_labels, zip(new.shard_keys, new.digests, strict=True), strict=True))
    labels = [label for label in {**before, **after} if before.get(label, ("", ""))[1] != after.get(label, ("", ""))[1]]
    if len(labels) > MOST_SHARDS:
        return [f"{len(labels)} of {len(after)} shards changed"]
    earlier = [store.require_commit(old.stage, before[label][0]) for label in labels if label in before]
    later = [store.require_commit(new.stage, after[label][0]) for label in labels if label in after]
    return [line for part in _changed_parts(earlier, later) for line in _part_changes(store, part, earlier, later)]


def _changed_parts(earlier: Sequence[Commit], later: Sequence[Commit]) -> list[str]:
    """Return the parts that differ, tables first: they name the items."""
    records = {name: part.kind for commit in (*earlier, *later) for name, part in commit.parts.items()}

    changed = [name for name in records if _digests(earlier, name) != _digests(later, name)]
    return sorted(changed, key=lambda name: (records[name] != "table", name))


def _part_changes(store: ArtifactStore, part: str, earlier: Sequence[Commit], later: Sequence[Commit]) -> list[str]:
    old_items, new_items = _items(store, part, earlier), _items(store, part, later)
    if old_items is None or new_items is None:
        before, after = _digests(earlier, part), _digests(later, part)
        labels = sorted(label for label in {**before, **after} if before.get(label) != after.get(label))
        return [f"{part} changed" + ("" if labels == ["all"] else f" in {listed(labels)}")]
    return item_changes(old_items, new_items)


def _digests(commits: Sequence[Commit], part: str) -> dict[str, str]:
    """Return the digest of a part in each shard that has it, by the shard's label."""
    return {commit.shard_label: commit.parts[part].digest for commit in commits if part in commit.parts}


def _items(store: ArtifactStore, part: str, commits: Sequence[Commit]) -> Items | None:
    """Return the rows by the first column; None where that names no row, or the part is no table."""
    found: dict[str, Any] = {}
    rows = 0
    for commit in commits:
        if part not in commit.parts:
            continue
        record = commit.parts[part]
        if record.kind != "table":
            return None
        # Volatile columns have no digest, and no say in what changed.
        table = store.read_part_table(commit, part)
        kept = [name for name in table.column_names if name in record.detail["column_digests"]]
        rows += table.num_rows
        found |= {str(row[kept[0]]): row for row in table.select(kept).to_pylist()} if kept else {}
    return found if len(found) == rows else None
