"""What a run would do, and why: every stage compared with the store, nothing computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from flows.engine.code_identity import stage_code
from flows.engine.earlier_results import EarlierResults
from flows.engine.reasons import (
    changed_items,
    missing_reason,
    own_changes,
    to_do_reason,
    upstream_changes,
    waiting_reason,
)
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from stores.artifacts import ArtifactStore
from stores.fingerprints import fingerprint
from stores.manifests import Manifest

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class PlannedShard:
    """A shard with its key."""

    plan: ShardPlan
    key: str


@dataclass(frozen=True)
class StagePlan:
    """One stage compared with the store.

    Attributes:
        stage: the stage.
        state: "current"; "stale" (an older result exists), "partial" (some shards are committed), "missing"
            (never made), or "pending" (an upstream stage has to be current first).
        reasons: why it is not current, in words.
        fingerprint: of the wanted result, None while pending.
        ingredients: what the fingerprint is made of.
        shards: all shards in order, empty while pending.
        shards_done: keys of those already committed.
        manifest: of the current result, None unless current.
        expected: of a pending stage the shards to do if what it waits for comes out as expected; None where that
            cannot be told.
    """

    stage: Stage
    state: str
    reasons: tuple[str, ...] = ()
    fingerprint: str | None = None
    ingredients: Mapping[str, object] = field(default_factory=dict)
    shards: tuple[PlannedShard, ...] = ()
    shards_done: frozenset[str] = frozenset()
    manifest: Manifest | None = None
    expected: tuple[PlannedShard, ...] | None = None


def plan_stage(
    stage: Stage,
    store: ArtifactStore,
    manifests: Mapping[str, Manifest],
    earlier: EarlierResults | None = None,
) -> StagePlan:
    """Return the plan of one stage, given the manifests of those upstream stages that are current.

    Args:
        stage: the stage.
        store: where results are.
        manifests: of the upstream stages that are current.
        earlier: which earlier results reasons compare with; the newest where None.

    Raises:
        StoreError: an artifact that a manifest promises cannot be read.
        Exception: the stage's inputs are refused by its cut, such as a malformed dataset.
    """
    return plan_with(stage, Upstream(store, manifests), earlier)


def plan_with(stage: Stage, current: Upstream, earlier: EarlierResults | None = None) -> StagePlan:
    """Return the plan of one stage, given a reader of those upstream stages that are current.

    Raises:
        StoreError, Exception: see plan_stage.
    """
    store, manifests = current.store, current.manifests
    earlier = EarlierResults(store) if earlier is None else earlier
    base = own_ingredients(stage)
    waiting = [name for name in stage.upstream if name not in manifests]
    if waiting:
        return _pending(stage, earlier, base, waiting)
    planned = keyed_shards(stage, current, base)
    ingredients = {**base, "inputs": {name: manifests[name].digest for name in stage.upstream}}
    ingredients["shards"] = {shard.plan.label: shard.key for shard in planned}
    # Upstream digests are shown, not hashed: the shard keys already hold all that this stage reads of them.
    wanted = fingerprint({**base, "shards": [[shard.plan.label, shard.key] for shard in planned]})
    manifest = store.read_manifest(stage.name, wanted)
    if manifest is not None:
        done = frozenset(shard.key for shard in planned)
        return StagePlan(stage, "current", (), wanted, ingredients, planned, done, manifest)
    done = committed_keys(stage, store, planned)
    plan = StagePlan(stage, "stale", (), wanted, ingredients, planned, done)
    return _with_reasons(plan, current, earlier)


def keyed_shards(stage: Stage, current: Upstream, own: Mapping[str, object]) -> tuple[PlannedShard, ...]:
    """Return the shards of a stage whose upstream results are there, with their keys."""
    shards = stage.cut(current.only(stage.upstream).known_as(stage.read_as), stage)
    return tuple(PlannedShard(shard, fingerprint({**own, "inputs": shard.inputs})) for shard in shards)


def committed_keys(stage: Stage, store: ArtifactStore, shards: Sequence[PlannedShard]) -> frozenset[str]:
    """Return the keys of the shards that are committed."""
    commits = store.read_commits_of(stage.name, [shard.key for shard in shards])
    return frozenset(commit.shard_key for commit in commits if commit is not None)


def own_ingredients(stage: Stage) -> dict[str, object]:
    """Return what a stage's keys are made of beside the inputs of its shards."""
    return {
        "stage": stage.name,
        "schema_version": SCHEMA_VERSION,
        "version": stage.version,
        "code": stage_code(stage.job, stage.code, stage.packages),
        "settings": dict(stage.settings),
    }


def _pending(stage: Stage, earlier: EarlierResults, base: dict[str, object], waiting: list[str]) -> StagePlan:
    reasons = [waiting_reason(waiting)]
    old = earlier.of(stage.name, base)
    reasons += [missing_reason(stage, earlier)] if old is None else own_changes(stage, old.ingredients, base)
    return StagePlan(stage, "pending", tuple(reasons), ingredients=base)


def _with_reasons(plan: StagePlan, current: Upstream, earlier: EarlierResults) -> StagePlan:
    """Return the plan of a stage that is not current with its state, and why it is not."""
    stage, done, total = plan.stage, len(plan.shards_done), len(plan.shards)
    old = earlier.of(stage.name, plan.ingredients)
    if old is None and done:
        return replace(plan, state="partial", reasons=(f"{done} of {total} shards are committed",))
    if old is None:
        return replace(plan, state="missing", reasons=(missing_reason(stage, earlier),))
    own = {name: value for name, value in plan.ingredients.items() if name not in ("inputs", "shards")}
    old_keys = set(old.shard_keys)
    reused = sum(1 for shard in plan.shards if shard.key in old_keys)
    reasons = (
        *own_changes(stage, old.ingredients, own),
        *upstream_changes(old, current, stage, earlier),
        *changed_items(stage, current, old, {shard.key: shard.plan for shard in plan.shards}),
        to_do_reason(total - done, total, reused),
    )
    return replace(plan, state="partial" if done else "stale", reasons=reasons)
