"""What follows from a stage that is not current, as far as its result can be told before it is made.

Where a change leaves most of a result as it is, such as one attribute of one image, the stages after it are cut on the
result that is expected: those that read nothing of what changes have no shard to do, whatever waits before them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from flows.engine.earlier_results import EarlierResults
from flows.engine.plan import PlannedShard, StagePlan, committed_keys, keyed_shards, own_ingredients
from flows.engine.reasons import expected_reason
from flows.engine.stage import Stage
from flows.engine.upstream import Upstream
from stores.fingerprints import canonical_json, fingerprint
from stores.manifests import Commit, Manifest, combine_shard_digests, created_now
from stores.part_records import PartRecord
from stores.parts import TablePart, digest_members, digest_part

if TYPE_CHECKING:
    import pyarrow as pa


class Expectation:
    """The results that stages have, or are expected to have, as their plans are added one by one in order.

    Args:
        current: reads the stages that are current.
        earlier: which earlier results they are like.
    """

    def __init__(self, current: Upstream, earlier: EarlierResults) -> None:
        self._earlier = earlier
        self._manifests: dict[str, Manifest] = {}
        self._upstream = current.sharing(self._manifests)

    def add(self, plan: StagePlan) -> StagePlan:
        """Return the plan, a pending one with the shards that it is expected to have to do, where that can be told."""
        if plan.manifest is not None:
            self._manifests[plan.stage.name] = plan.manifest
            return plan
        if plan.state != "pending":
            self._add_result(plan.stage, plan.shards, plan.shards_done)
            return plan
        if any(name not in self._manifests for name in plan.stage.upstream):
            return plan
        stage = plan.stage
        try:
            shards = keyed_shards(stage, self._upstream, own_ingredients(stage))
        except Exception:
            # What is expected may not be; a cut that fails on it fails for good when its turn comes.
            return plan
        done = committed_keys(stage, self._upstream.store, shards)
        to_do = tuple(shard for shard in shards if shard.key not in done)
        self._add_result(stage, shards, done)
        reason = expected_reason(len(to_do), len(shards))
        return replace(plan, expected=to_do, reasons=(plan.reasons[0], reason, *plan.reasons[1:]))

    def _add_result(self, stage: Stage, shards: Sequence[PlannedShard], done: frozenset[str]) -> None:
        """Note the result that a stage will have; nothing where a shard's cannot be told."""
        store = self._upstream.store
        earlier = None if all(shard.key in done for shard in shards) else self._same_but_inputs(stage)
        commits: list[Commit] = []
        for shard in shards:
            commit = store.read_commit(stage.name, shard.key)
            commit = self._expected_commit(stage, shard, earlier) if commit is None else commit
            if commit is None:
                return
            commits.append(commit)
        manifest = _manifest_of(stage, commits)
        self._manifests[stage.name] = manifest
        self._upstream.expect(manifest, commits)

    def _same_but_inputs(self, stage: Stage) -> Manifest | None:
        """Return an earlier result of the same settings and code."""
        own = own_ingredients(stage)
        earlier = self._earlier.of(stage.name, own)
        if earlier is None or stage.expected_tables is None:
            return None
        same = canonical_json({name: earlier.ingredients.get(name) for name in own}) == canonical_json(own)
        return earlier if same else None

    def _expected_commit(self, stage: Stage, shard: PlannedShard, earlier: Manifest | None) -> Commit | None:
        if earlier is None or stage.expected_tables is None or shard.plan.label not in earlier.shard_labels:
            return None
        store = self._upstream.store
        key = earlier.shard_keys[earlier.shard_labels.index(shard.plan.label)]
        commit = store.read_commit(stage.name, key)
        tables = None if commit is None else stage.expected_tables(store, commit, shard.plan)
        if commit is None or tables is None:
            return None
        parts = {name: _with_table(stage, commit.parts[name], table) for name, table in tables.items()}
        # It keeps the key of the earlier shard, whose other parts it has.
        expected = replace(commit, parts={**commit.parts, **parts})
        self._upstream.expect_tables(expected, tables)
        return expected


def _with_table(stage: Stage, record: PartRecord, table: "pa.Table") -> PartRecord:
    schema = next(schema for schema in stage.tables if schema.name == record.detail["table"])
    part = TablePart(schema, table)
    detail = {**record.detail, "rows": table.num_rows, "column_digests": digest_members(part)}
    return replace(record, digest=digest_part(part), detail=detail)


def _manifest_of(stage: Stage, commits: Sequence[Commit]) -> Manifest:
    """Return a manifest that is in no store, under a name that no result has."""
    digests = [commit.digest for commit in commits]
    return Manifest(
        stage=stage.name,
        fingerprint=fingerprint(["expected", stage.name, digests]),
        ingredients={},
        shard_keys=tuple(commit.shard_key for commit in commits),
        shard_labels=tuple(commit.shard_label for commit in commits),
        digests=tuple(digests),
        digest=combine_shard_digests(digests),
        upstream={},
        versions={},
        seconds=0.0,
        created=created_now(),
    )
