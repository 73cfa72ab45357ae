"""The shards of a user's folder as they were cut last, kept beside the file digests while nothing there changes.

A cache: a damaged, missing or unwritable file of it costs time, never correctness. It counts only while the table's
bytes, the code that cuts, and the state of every folder that was listed are the same.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from flows.engine.code_identity import SOURCE_ROOT
from flows.engine.stage import ShardPlan, Stage
from flows.engine.work import ShardExtent
from flows.stages.dataset_index import followed_folders
from flows.stages.folder_state import folder_state
from pipeline.errors import BadDataset
from stores.errors import ReadOnlyStore, StoreError
from stores.fingerprints import fingerprint
from stores.location import Location
from stores.records import decode_side_record, encode_record

# A file may change twice within one tick of a coarse file clock.
DISTRUSTED_AGE_NS = 2_000_000_000
# Their bytes stand for the code that makes shards of a table: any change of them, and shards are cut anew.
_CUTTING_CODE = ("pipeline/datasets", "flows/stages", "flows/engine", "stores")


@dataclass(frozen=True)
class KeptShards:
    """What was cut from a table and the folders of its images.

    Attributes:
        table_sha256: of the table's bytes.
        code_sha256: of the code that cut.
        folders: that were listed for it, relative to the root.
        state: digest of what they held.
        vocabulary: what the only shard of the stage `vocabulary` depends on.
        labels: of the shards of images, in order.
        rows: the digest of each one's rows.
        ids: the ids of each one's images, a line each.
    """

    table_sha256: str
    code_sha256: str
    folders: list[str]
    state: str
    vocabulary: dict[str, Any]
    labels: list[str]
    rows: list[str]
    ids: list[str]

    def is_current(self, stage: Stage) -> bool:
        """Return whether the folders hold what they held."""
        return folder_state(*_folders(stage, self.folders)).digest == self.state

    def shards(self, cut_anew: Callable[[], list[ShardPlan]]) -> list[ShardPlan]:
        """Return the shards of images; what their jobs need to know is made once it is asked for."""
        late = _LateShards(cut_anew)
        found = []
        for label, rows, joined in zip(self.labels, self.rows, self.ids, strict=True):
            ids = tuple(joined.split("\n"))
            found.append(ShardPlan(label, {"rows": rows}, _LateWork(late, label, rows), ids, ShardExtent(len(ids))))
        return found


@dataclass(frozen=True)
class CutTable:
    """The state of a user's table before anything is read of it or of the images.

    Attributes:
        began_ns: when it was taken, in ns since 1970.
        table_sha256: of its bytes.
        code_sha256: of the code that cuts.
        place: where its shards are kept.
    """

    began_ns: int
    table_sha256: str
    code_sha256: str
    place: Location

    def since(self, began_ns: int) -> "CutTable":
        """Return the same with the earlier of two moments since which nothing may have changed."""
        return replace(self, began_ns=min(self.began_ns, began_ns))

    def kept(self) -> KeptShards | None:
        """Return what was cut from the same table by the same code; None where that is not known."""
        types = {name: list[str] for name in ("folders", "labels", "rows", "ids")}
        own = {"table_sha256": str, "code_sha256": str, "state": str, "vocabulary": dict, **types}
        try:
            kept = KeptShards(**decode_side_record(self.place.read_bytes(), self.place.url, own))
        except StoreError:
            return None
        is_same = (kept.table_sha256, kept.code_sha256) == (self.table_sha256, self.code_sha256)
        return kept if is_same and len(kept.labels) == len(kept.rows) == len(kept.ids) else None

    def keep(
        self, stage: Stage, folders: Sequence[str], vocabulary: Mapping[str, Any], shards: Sequence[ShardPlan]
    ) -> None:
        """Keep shards that were cut after this was taken, unless a file or folder may change unseen, so young it is.

        Args:
            stage: `images`.
            folders: that were listed.
            vocabulary: what the shard of the stage `vocabulary` depends on.
            shards: of images.
        """
        state = folder_state(*_folders(stage, folders))
        if state.newest_ns > self.began_ns - DISTRUSTED_AGE_NS:
            return
        kept = KeptShards(
            self.table_sha256,
            self.code_sha256,
            list(folders),
            state.digest,
            dict(vocabulary),
            [shard.label for shard in shards],
            [shard.inputs["rows"] for shard in shards],
            ["\n".join(shard.items) for shard in shards if isinstance(shard.items, tuple)],
        )
        try:
            self.place.replace_bytes(encode_record(asdict(kept)))
        except ReadOnlyStore:
            return


def cut_table(root: Location, stage: Stage) -> CutTable | None:
    """Return the state of a stage's table, for what is kept in a store; None without a table that can be read."""
    table = stage.paths.get("dataset_table")
    if table is None:
        return None
    began_ns = time.time_ns()
    try:
        digest = sha256(Path(table).read_bytes()).hexdigest()
    except OSError:
        return None  # reading it as a table says what is wrong
    name = fingerprint([stage.settings["kind"], dict(stage.paths)])[:16]
    return CutTable(began_ns, digest, _code_sha256(), root.child(f"dataset_shards-{name}.json"))


def _folders(stage: Stage, folders: Sequence[str]) -> tuple[Path, Sequence[str], Sequence[Path]]:
    return Path(str(stage.paths["dataset_root"])), folders, followed_folders(stage)


def _code_sha256() -> str:
    digest = sha256()
    for folder in _CUTTING_CODE:
        for path in sorted((SOURCE_ROOT / folder).rglob("*.py")):
            digest.update(f"{path.relative_to(SOURCE_ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


class _LateShards:
    """The shards cut anew, once, when the first of them is asked for.

    Args:
        cut_anew: cuts them.
    """

    def __init__(self, cut_anew: Callable[[], list[ShardPlan]]) -> None:
        self._cut_anew = cut_anew

    @cached_property
    def _by_label(self) -> dict[str, ShardPlan]:
        return {shard.label: shard for shard in self._cut_anew()}

    def work(self, label: str, rows: str) -> Mapping[str, Any]:
        """Return what the job of a shard needs to know.

        Raises:
            BadDataset: the shard is not the one that was kept.
        """
        shard = self._by_label.get(label)
        if shard is None or shard.inputs["rows"] != rows:
            raise BadDataset(
                expected="a table and images that stay as they are while they are read",
                found="other images, or other rows, than a moment ago",
                where=f"images, shard {label}",
                remedy="run again once they are complete",
            )
        return shard.work


class _LateWork(Mapping[str, Any]):
    """What the job of a shard needs to know, made once it is asked for."""

    def __init__(self, late: _LateShards, label: str, rows: str) -> None:
        self._late, self._label, self._rows = late, label, rows

    def __getitem__(self, name: str) -> Any:
        return self._late.work(self._label, self._rows)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._late.work(self._label, self._rows))

    def __len__(self) -> int:
        return len(self._late.work(self._label, self._rows))
