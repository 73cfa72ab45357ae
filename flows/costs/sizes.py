"""Bytes on disk: a formula from values and rows, corrected by shards of the same stage that are there already."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from flows.costs.parts import ArraysSize, FileSize, PartSize, TableSize, TensorsSize, UnknownSize, array_bytes
from flows.costs.sample_tables import bytes_of_table
from flows.engine.plan import StagePlan
from flows.stages.tables import SCHEMAS
from stores.artifacts import ArtifactStore
from stores.manifests import Commit
from stores.part_records import PartRecord

# Records beside the values, in bytes as the store writes them: measured, see docs/costs.md.
COMMIT_BYTES = 1070
BYTES_PER_COLUMN = 83
BYTES_PER_TENSOR = 190
BYTES_PER_ARRAY_PART = 400 + 66
BYTES_PER_ARRAY = 240 + 980
BYTES_PER_FILE_PART = 300
TENSOR_HEADER_BYTES = 110
MANIFEST_BYTES = 3900
MANIFEST_BYTES_PER_SHARD = 230
# Enough to see how values compress, few enough to ask a remote store for.
EARLIER_SHARDS = 8


@dataclass(frozen=True)
class Earlier:
    """What shards of a stage took that are in the store already.

    Attributes:
        ratio: their bytes on disk by what the formula says of them.
        file_bytes: mean size of their opaque files, None where they have none.
    """

    ratio: float
    file_bytes: float | None


def shard_bytes(parts: Iterable[PartSize], target_length: int, earlier: Earlier | None) -> float | None:
    """Return the bytes of one shard with its commit, None where neither formula nor earlier shards tell.

    Args:
        parts: what it writes.
        target_length: coordinates of `similarity_target`.
        earlier: of the same stage, or None.
    """
    total = float(COMMIT_BYTES)
    for part in parts:
        if isinstance(part, UnknownSize):
            return None
        if isinstance(part, FileSize):
            if part.value_bytes is not None:
                total += BYTES_PER_FILE_PART + part.value_bytes
                continue
            if earlier is None or earlier.file_bytes is None:
                return None
            total += BYTES_PER_FILE_PART + earlier.file_bytes
        else:
            total += _formula(part, target_length)
    return total * (1.0 if earlier is None else earlier.ratio)


def manifest_bytes(shards: int) -> int:
    """Return the size of a manifest that lists this many shards."""
    return MANIFEST_BYTES + MANIFEST_BYTES_PER_SHARD * shards


def earlier_shards(plan: StagePlan, store: ArtifactStore, target_length: int) -> Earlier | None:
    """Return what the stage's shards took before: those committed already, else those of its latest result."""
    keys = _earlier_keys(plan, store)
    commits = [commit for key in keys if (commit := store.read_commit(plan.stage.name, key)) is not None]
    if not commits:
        return None
    expected = real = 0.0
    files: list[float] = []
    for commit in commits:
        files += [float(part.detail["size_bytes"]) for part in commit.parts.values() if part.kind == "file"]
        own = Earlier(1.0, files[-1] if files else None)
        expected += shard_bytes(_parts(commit), target_length, own) or 0.0
        real += real_bytes(store, commit)
    return Earlier(real / expected, float(np.mean(files)) if files else None)


def real_bytes(store: ArtifactStore, commit: Commit) -> int:
    """Return the bytes of all files of a committed shard."""
    return sum(store.shard_folder(commit.stage, commit.shard_key).file_sizes_bytes().values())


def _earlier_keys(plan: StagePlan, store: ArtifactStore) -> Sequence[str]:
    keys: Sequence[str] = [shard.key for shard in plan.shards if shard.key in plan.shards_done]
    if not keys:
        latest = store.latest_manifest(plan.stage.name)
        keys = () if latest is None else latest.shard_keys
    step = max(1, len(keys) // EARLIER_SHARDS)
    return keys[::step][:EARLIER_SHARDS]


def _parts(commit: Commit) -> list[PartSize]:
    """Return the parts of a commit as the formula sees them."""
    return [_part_size(part) for part in commit.parts.values()]


def _part_size(part: PartRecord) -> PartSize:
    detail: Mapping[str, dict[str, list[int]]] = part.detail
    if part.kind == "table":
        return TableSize(str(part.detail["table"]), int(part.detail["rows"]))
    if part.kind == "file":
        return FileSize()
    values = sum(
        array_bytes(np.dtype(str(detail["dtypes"][name])).itemsize, *shape) for name, shape in detail["shapes"].items()
    )
    members = len(detail["shapes"])
    return ArraysSize(members, values) if part.kind == "arrays" else TensorsSize(members, values)


def _formula(part: ArraysSize | TableSize | TensorsSize, target_length: int) -> float:
    if isinstance(part, ArraysSize):
        return BYTES_PER_ARRAY_PART + BYTES_PER_ARRAY * part.arrays + part.value_bytes
    if isinstance(part, TensorsSize):
        return (BYTES_PER_TENSOR + TENSOR_HEADER_BYTES) * part.tensors + part.value_bytes
    empty, a_row = bytes_of_table(part.table, target_length)
    return BYTES_PER_COLUMN * len(SCHEMAS[part.table].columns) + empty + a_row * part.rows
