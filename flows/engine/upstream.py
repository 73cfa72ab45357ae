"""Reading the results of upstream stages, through their manifests alone."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stores.artifacts import ArtifactStore
from stores.concurrency import at_once
from stores.fingerprints import fingerprint
from stores.manifests import Commit, Manifest

if TYPE_CHECKING:
    import pyarrow as pa


class Upstream:
    """The current artifacts of other stages, read on demand and remembered.

    Args:
        store: where they live.
        manifests: the current manifest of each readable stage instance.
    """

    def __init__(self, store: ArtifactStore, manifests: Mapping[str, Manifest]) -> None:
        self.store = store
        self.manifests = manifests
        # By fingerprint, so that `only` can share them and yet gives nothing of a stage that was not asked for.
        self._commits: dict[tuple[str, str], list[Commit]] = {}
        self._tables: dict[tuple[str, str, str, str], pa.Table] = {}
        self._expected: dict[tuple[str, str, str], pa.Table] = {}

    def only(self, stages: Sequence[str]) -> "Upstream":
        """Return a reader of these stages alone that shares with this one what either has read."""
        return self.sharing({stage: self.manifests[stage] for stage in stages})

    def known_as(self, other_names: Mapping[str, str]) -> "Upstream":
        """Return a reader that also finds results under other names, which take the place of their own stage's."""
        if not other_names:
            return self
        return self.sharing({**self.manifests, **{name: self.manifests[stage] for name, stage in other_names.items()}})

    def sharing(self, manifests: Mapping[str, Manifest]) -> "Upstream":
        """Return a reader of these results that shares with this one what either has read."""
        other = Upstream(self.store, manifests)
        other._commits, other._tables, other._expected = self._commits, self._tables, self._expected
        return other

    def expect(self, manifest: Manifest, commits: list[Commit]) -> None:
        """Take these for the commits of a result that is not in the store yet."""
        self._commits[(manifest.stage, manifest.fingerprint)] = commits

    def expect_tables(self, commit: Commit, tables: "Mapping[str, pa.Table]") -> None:
        """Take these tables, by part, for what a shard holds that is not done yet."""
        self._expected |= {(commit.stage, part, commit.parts[part].digest): table for part, table in tables.items()}

    def commits(self, stage: str, prefix: str = "") -> list[Commit]:
        """Return the stage's commits in shard order, only those whose label starts with `prefix`.

        Raises:
            StoreError: a commit that the manifest lists is missing or unreadable.
        """
        key = (stage, self.manifests[stage].fingerprint)
        if key not in self._commits:
            self._commits[key] = self.store.read_commits(self.manifests[stage])
        return [commit for commit in self._commits[key] if commit.shard_label.startswith(prefix)]

    def commit_of(self, stage: str, shard_key: str) -> Commit:
        """Return one commit of the stage without reading the others: a large stage has tens of thousands.

        Raises:
            StoreError: the manifest lists no such shard, or the commit is missing or unreadable.
        """
        manifest = self.manifests[stage]
        known = {commit.shard_key: commit for commit in self._commits.get((stage, manifest.fingerprint), [])}
        return known[shard_key] if shard_key in known else self.store.read_listed_commit(manifest, shard_key)

    def shard_of_rows(self, stage: str, part: str, column: str, prefix: str = "") -> dict[str, str]:
        """Return the key of the shard that holds each row of a table part, by the row's value in a column."""
        keys = [key for c in self.commits(stage, prefix) for key in [c.shard_key] * c.parts[part].detail["rows"]]
        return dict(zip(self.table(stage, part, prefix)[column].to_pylist(), keys, strict=True))

    def table(self, stage: str, part: str, prefix: str = "") -> "pa.Table":
        """Return the rows of a table part over all shards, in shard order."""
        key = (stage, self.manifests[stage].fingerprint, part, prefix)
        if key not in self._tables:
            import pyarrow as pa

            commits = self.commits(stage, prefix)
            tables = at_once(self.store.root, lambda commit: self._read_table(commit, part), commits)
            self._tables[key] = pa.concat_tables(tables)
        return self._tables[key]

    def _read_table(self, commit: Commit, part: str) -> "pa.Table":
        expected = self._expected.get((commit.stage, part, commit.parts[part].digest))
        return self.store.read_part_table(commit, part) if expected is None else expected

    def rows(self, stage: str, part: str, prefix: str = "") -> list[dict[str, Any]]:
        """Return the same rows as dictionaries."""
        rows: list[dict[str, Any]] = self.table(stage, part, prefix).to_pylist()
        return rows

    def arrays(self, stage: str, part: str, name: str, prefix: str = "") -> np.ndarray:
        """Return one array over all shards, joined along its first axis in shard order."""
        commits = self.commits(stage, prefix)
        pieces = at_once(self.store.root, lambda commit: self.store.read_part_arrays(commit, part, [name]), commits)
        return np.concatenate([piece[name] for piece in pieces])

    def part_digest(self, stage: str, part: str, prefix: str = "") -> str:
        """Return one digest of a part's content over all shards."""
        return fingerprint([commit.parts[part].digest for commit in self.commits(stage, prefix)])

    def column_digest(self, stage: str, part: str, columns: Sequence[str], prefix: str = "") -> str:
        """Return one digest of some columns of a table part, so that other columns may change freely."""
        digests = []
        for commit in self.commits(stage, prefix):
            by_column = commit.parts[part].detail["column_digests"]
            digests.append([by_column[column] for column in columns])
        return fingerprint(digests)
