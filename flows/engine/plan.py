"""What a run would do, and why: every stage compared with the store, nothing computed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.engine.code_identity import stage_code
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from stores.artifacts import ArtifactStore
from stores.fingerprints import changed_ingredients, fingerprint
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
    """

    stage: Stage
    state: str
    reasons: tuple[str, ...] = ()
    fingerprint: str | None = None
    ingredients: Mapping[str, object] = field(default_factory=dict)
    shards: tuple[PlannedShard, ...] = ()
    shards_done: frozenset[str] = frozenset()
    manifest: Manifest | None = None


def plan_stage(stage: Stage, store: ArtifactStore, manifests: Mapping[str, Manifest]) -> StagePlan:
    """Return the plan of one stage, given the manifests of those upstream stages that are current.

    Raises:
        StoreError: an artifact that a manifest promises cannot be read.
        Exception: the stage's inputs are refused by its cut, such as a malformed dataset.
    """
    return plan_with(stage, Upstream(store, manifests))


def plan_stages(stages: tuple[Stage, ...], store: ArtifactStore) -> list[StagePlan]:
    """Return the plan of every stage in order; what depends on a stage that is not current is pending."""
    manifests: dict[str, Manifest] = {}
    # Many cuts read the same shards of images and pairs; each is read once.
    current = Upstream(store, manifests)
    plans = []
    for stage in stages:
        plan = plan_with(stage, current)
        if plan.manifest is not None:
            manifests[stage.name] = plan.manifest
        plans.append(plan)
    return plans


def plan_with(stage: Stage, current: Upstream) -> StagePlan:
    """Return the plan of one stage, given a reader of those upstream stages that are current.

    Raises:
        StoreError, Exception: see plan_stage.
    """
    store, manifests = current.store, current.manifests
    base = _own_ingredients(stage)
    waiting = [name for name in stage.upstream if name not in manifests]
    if waiting:
        return _pending(stage, store, base, waiting)
    shards = stage.cut(current.only(stage.upstream), stage)
    planned = tuple(PlannedShard(shard, fingerprint({**base, "inputs": shard.inputs})) for shard in shards)
    ingredients = {**base, "inputs": {name: manifests[name].digest for name in stage.upstream}}
    ingredients["shards"] = {shard.plan.label: shard.key for shard in planned}
    # Upstream digests are shown, not hashed: the shard keys already hold all that this stage reads of them.
    wanted = fingerprint({**base, "shards": [[shard.plan.label, shard.key] for shard in planned]})
    manifest = store.read_manifest(stage.name, wanted)
    if manifest is not None:
        done = frozenset(shard.key for shard in planned)
        return StagePlan(stage, "current", (), wanted, ingredients, planned, done, manifest)
    commits = store.read_commits_of(stage.name, [shard.key for shard in planned])
    done = frozenset(commit.shard_key for commit in commits if commit is not None)
    state, reasons = _why(stage, store, ingredients, len(done), len(planned))
    return StagePlan(stage, state, reasons, wanted, ingredients, planned, done)


def _own_ingredients(stage: Stage) -> dict[str, object]:
    return {
        "stage": stage.name,
        "schema_version": SCHEMA_VERSION,
        "version": stage.version,
        "code": stage_code(stage.job, stage.code, stage.packages),
        "settings": dict(stage.settings),
    }


def _pending(stage: Stage, store: ArtifactStore, base: dict[str, object], waiting: list[str]) -> StagePlan:
    reasons = [f"will be checked after {', '.join(waiting)}"]
    latest = store.latest_manifest(stage.name)
    if latest is None:
        reasons.append("never made")
    else:
        known = {name: latest.ingredients.get(name) for name in base}
        reasons += [_change(*change) for change in changed_ingredients(known, base)]
    return StagePlan(stage, "pending", tuple(reasons), ingredients=base)


def _why(
    stage: Stage, store: ArtifactStore, ingredients: Mapping[str, object], done: int, total: int
) -> tuple[str, tuple[str, ...]]:
    latest = store.latest_manifest(stage.name)
    if latest is None:
        if done:
            return "partial", (f"{done} of {total} shards are committed",)
        return "missing", ("never made",)
    own = [name for name in ingredients if name != "shards"]
    old = {name: latest.ingredients.get(name) for name in own}
    reasons = [_change(*change) for change in changed_ingredients(old, {name: ingredients[name] for name in own})]
    old_keys = set(latest.shard_keys)
    shards = ingredients["shards"]
    reused = sum(1 for key in shards.values() if key in old_keys) if isinstance(shards, dict) else 0
    reasons.append(f"{total - done} of {total} shards to do ({reused} unchanged since the last result)")
    return ("partial" if done else "stale"), tuple(reasons)


def _change(path: str, old: str, new: str) -> str:
    # Digests alone would not say what they are of.
    of_digests = {"code.": "code changed", "settings.sources.": "your code changed", "inputs.": "its result changed"}
    word = next((f" ({word})" for start, word in of_digests.items() if path.startswith(start)), "")
    return f"{path}: {old} -> {new}{word}"
