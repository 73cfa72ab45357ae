"""Keeping a result across a change of code that does not touch it, on the user's word, and recorded."""

from collections.abc import Mapping, Sequence

from flows.engine.plan import StagePlan, plan_stage
from flows.engine.results import finish_stage
from flows.engine.stage import Stage
from pipeline.errors import BadSetting
from stores.artifacts import ArtifactStore
from stores.fingerprints import canonical_json
from stores.manifests import Commit, Manifest
from stores.parts import ArraysPart, FilePart, Part, TablePart, TensorsPart
from stores.table_schema import TableSchema


def adopt_stage(stage: Stage, store: ArtifactStore, manifests: Mapping[str, Manifest]) -> Manifest:
    """Return the manifest of a stage whose latest result the user declares still valid.

    Each shard is committed again under its present key, with the values of the latest result's shard of the same
    label; the manifest and every commit say where they come from.

    Raises:
        BadSetting: there is nothing to adopt, something other than code or version changed, or an upstream
            stage is not current.
    """
    plan = plan_stage(stage, store, manifests)
    if plan.manifest is not None:
        return plan.manifest
    latest = store.latest_manifest(stage.name)
    if latest is None or not plan.shards:
        raise _refusal(stage, "no earlier result" if latest is None else "an upstream stage that is not current")
    changed = [
        name
        for name in ("settings", "inputs")
        if canonical_json(latest.ingredients.get(name)) != canonical_json(plan.ingredients[name])
    ]
    if changed:
        raise _refusal(stage, f"{' and '.join(changed)} that changed, not only code")
    for old in store.read_commits(latest):
        _commit_again(plan, store, old, latest.fingerprint)
    return finish_stage(plan, store, manifests, adopted_from=latest.fingerprint)


def _commit_again(plan: StagePlan, store: ArtifactStore, old: Commit, origin: str) -> None:
    keys = {shard.plan.label: shard.key for shard in plan.shards}
    if old.shard_label not in keys:
        raise _refusal(plan.stage, f"shards cut differently ({old.shard_label} is gone)")
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
        return TablePart(schema, store.read_part_table(commit, name))
    if record.kind == "tensors":
        return TensorsPart(*store.read_part_tensors(commit, name))
    return FilePart(record.detail["file_name"], store.read_part_file(commit, name))


def _refusal(stage: Stage, found: str) -> BadSetting:
    return BadSetting(
        expected="a result that is stale only because code changed",
        found=found,
        where=f"--adopt {stage.name}",
        remedy="run without --adopt: the stage has to be computed",
    )
