"""Keeping a result across a change of code that does not touch it, on the user's word, and recorded."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from flows.engine.errors import BadRequest
from flows.engine.plan import StagePlan, plan_stage
from flows.engine.results import finish_stage
from flows.engine.stage import Stage
from stores.artifacts import ArtifactStore
from stores.errors import StoreError
from stores.fingerprints import canonical_json, fingerprint
from stores.manifests import Commit, Manifest
from stores.parts import ArraysPart, FilePart, Part, TablePart, TensorsPart
from stores.table_schema import TableSchema


def adopt_stage(stage: Stage, store: ArtifactStore, manifests: Mapping[str, Manifest]) -> Manifest:
    """Return the manifest of a stage whose earlier result the user declares still valid.

    Each shard is committed again under its present key, with the values of the earlier result's shard of the same
    label; the manifest and every commit say where they come from. The earlier result is the newest one that was made
    from the same settings and inputs.

    Raises:
        BadRequest: there is nothing to adopt, something other than code or version changed, or an upstream
            stage is not current.
        StoreError: the earlier result cannot be read.
    """
    plan = plan_stage(stage, store, manifests)
    if plan.manifest is not None:
        return plan.manifest
    return _adopt(plan, _adoptable(plan, store), store, manifests)


def adopt_if_possible(stage: Stage, store: ArtifactStore, manifests: Mapping[str, Manifest]) -> bool:
    """Adopt a stage's result where nothing but code changed, and return whether one was adopted.

    A result that is current, or that cannot be adopted, is left for the run to deal with.

    Raises:
        StoreError: an upstream result cannot be read.
    """
    plan = plan_stage(stage, store, manifests)
    if plan.manifest is not None:
        return False
    try:
        earlier = _adoptable(plan, store)
        _adopt(plan, earlier, store, manifests)
    except (BadRequest, StoreError):
        # The run computes it, and says there what is damaged.
        return False
    return True


def _adopt(plan: StagePlan, earlier: Manifest, store: ArtifactStore, manifests: Mapping[str, Manifest]) -> Manifest:
    for old in store.read_commits(earlier):
        _commit_again(plan, store, old, earlier.fingerprint)
    return finish_stage(plan, store, manifests, adopted_from=earlier.fingerprint)


def _adoptable(plan: StagePlan, store: ArtifactStore) -> Manifest:
    """Return the newest result of the same settings, inputs and cut."""
    stage = plan.stage
    latest = store.latest_manifest(stage.name)
    if latest is None or not plan.shards:
        raise _refusal(stage, "no earlier result" if latest is None else "an upstream stage that is not current")
    found = (store.read_manifest(stage.name, fingerprint) for fingerprint in store.fingerprints(stage.name))
    same = [manifest for manifest in found if manifest is not None and not _changed(manifest, plan)]
    if not same:
        changed = _changed(latest, plan)
        raise _refusal(stage, f"{' and '.join(changed)} that changed, not only code")
    return max(same, key=Manifest.moment)


def _changed(earlier: Manifest, plan: StagePlan) -> list[str]:
    """Return what differs beside code: settings, or what shards are made from.

    An input need not be a result of another stage, so the digests of those would not do: a shard is the same where its
    present inputs, with all else as it was, give the key that it had.
    """
    if canonical_json(earlier.ingredients.get("settings")) != canonical_json(plan.ingredients["settings"]):
        return ["settings"]
    own = {name: value for name, value in earlier.ingredients.items() if name not in ("inputs", "shards")}
    keys = dict(zip(earlier.shard_labels, earlier.shard_keys, strict=True))
    now = {shard.plan.label: fingerprint({**own, "inputs": shard.plan.inputs}) for shard in plan.shards}
    return [] if now == keys else ["inputs"]


def _commit_again(plan: StagePlan, store: ArtifactStore, old: Commit, origin: str) -> None:
    keys = {shard.plan.label: shard.key for shard in plan.shards}
    parts = {name: read_as_part(store, old, name, plan.stage.tables) for name in old.parts}
    provenance = {**old.provenance, "adopted_from": origin}
    key = keys[old.shard_label]
    store.commit_shard(plan.stage.name, key, old.shard_label, parts, old.counts, old.seconds, provenance)


def read_as_part(store: ArtifactStore, commit: Commit, name: str, tables: Sequence[TableSchema]) -> Part:
    """Return a committed part in the form in which it is written; `tables` are those that its stage declares."""
    record = commit.parts[name]
    if record.kind == "arrays":
        axes = {array: tuple(names) for array, names in record.detail["axes"].items()}
        return ArraysPart(store.read_part_arrays(commit, name), axes, record.detail["units"])
    if record.kind == "table":
        schema = next(schema for schema in tables if schema.name == record.detail["table"])
        return TablePart(schema, in_schema(store.read_part_table(commit, name), schema))
    if record.kind == "tensors":
        return TensorsPart(*store.read_part_tensors(commit, name))
    return FilePart(record.detail["file_name"], store.read_part_file(commit, name))


def in_schema(table: pa.Table, schema: TableSchema) -> pa.Table:
    """Return a table of earlier code with the columns of today's: new ones that may be null are, others are dropped.

    A new column that may not be null is missing still, so that the table is refused.
    """
    for column in schema.columns:
        if column.nullable and column.name not in table.column_names:
            table = table.append_column(column.name, pa.nulls(len(table), column.kind))
    return table.select([column.name for column in schema.columns if column.name in table.column_names])


def _refusal(stage: Stage, found: str) -> BadRequest:
    return BadRequest(
        expected="a result that is stale only because code changed",
        found=found,
        where=f"--adopt {stage.name}",
        remedy="run without --adopt: the stage has to be computed",
    )
