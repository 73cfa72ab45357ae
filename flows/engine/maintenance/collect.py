"""What `sane gc` keeps: what is current or in progress for configurations, and what named or live runs use."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flows.auto_compute.resolve import possible
from flows.engine.plan import StagePlan, plan_stages
from flows.settings.configuration import Settings
from flows.settings.file import run_seeds, with_seed
from flows.stages.graph import build_stages
from pipeline.errors import BadSetting
from stores.artifacts import ArtifactStore
from stores.collection import delete_garbage
from stores.garbage import Garbage, find_garbage
from stores.leases import live_leases
from stores.location import Location
from stores.reachability import Roots, reachable, roots_of_runs
from stores.run_records import RUNNING, RUNS, list_runs


@dataclass(frozen=True)
class Collection:
    """What a look for garbage gave.

    Attributes:
        store: looked at.
        roots: what is kept for its own sake.
        garbage: what is not kept, in the order in which it may be deleted.
        notes: for the user: what is kept whole, and why.
    """

    store: ArtifactStore
    roots: Roots
    garbage: tuple[Garbage, ...]
    notes: tuple[str, ...]


def look_for_garbage(configurations: Sequence[tuple[str, Settings]], unpin: str | None) -> Collection:
    """Return what of a store is neither wanted by these configurations nor kept by a run; nothing is changed.

    Args:
        configurations: each with its name for people and its settings of all seeds; all on one store.
        unpin: a run's name that is to keep nothing, or None.

    Raises:
        BadSetting: the configurations have different stores, or no run has that name.
        PipelineError, StoreError: a configuration cannot be planned, or the store not be read; damage comes first.
    """
    store = ArtifactStore(_one_root(configurations))
    roots = roots_of_runs(store, frozenset([unpin]) if unpin is not None else frozenset())
    notes = [f"run {name} is named, so its results are kept" for name in _pinning_names(store, unpin)]
    notes += [f"{lease.stage}: kept whole, run {lease.run_id} works on it" for lease in live_leases(store.root)]
    for name, settings in configurations:
        for seed in run_seeds(settings):
            plans = _plans_of_seed(with_seed(settings, seed), store)
            roots = roots | _roots_of(plans)
            pending = list(dict.fromkeys(plan.stage.name for plan in plans if plan.state == "pending"))
            if pending:
                notes.append(
                    f"{name}, seed {seed}: not known yet what is wanted of {', '.join(pending)}, "
                    "so all that they have is kept; run first to collect more"
                )
    return Collection(store, roots, tuple(find_garbage(store, reachable(store, roots))), tuple(notes))


def delete_found(collection: Collection, unpin: str | None) -> Iterator[Garbage]:
    """Take back the name of runs if asked to, then delete what was found and yield what is gone.

    Raises:
        StoreError: the store cannot be written, or it cannot be told any more what is in use.
    """
    root = collection.store.root
    for run in list_runs(root) if unpin is not None else []:
        if run.name == unpin:
            root.child(RUNS, f"{run.run_id}.json").replace_bytes(replace(run, name="").to_json())
    yield from delete_garbage(collection.store, collection.roots, collection.garbage)


def _plans_of_seed(settings: Settings, store: ArtifactStore) -> list[StagePlan]:
    # Of an automatic precision results at either may be wanted: machines decide for themselves.
    return [plan for one in possible(settings) for plan in plan_stages(build_stages(one), store)]


def _roots_of(plans: Sequence[StagePlan]) -> Roots:
    current = {(plan.stage.name, plan.manifest.fingerprint) for plan in plans if plan.manifest is not None}
    # Whatever is there of a result that a killed run was working towards.
    planned = {(plan.stage.name, shard.key) for plan in plans if plan.manifest is None for shard in plan.shards}
    pending = {plan.stage.name for plan in plans if plan.state == "pending"}
    return Roots(frozenset(current), frozenset(planned), frozenset(pending))


def _pinning_names(store: ArtifactStore, unpin: str | None) -> list[str]:
    runs = list_runs(store.root)
    names = {run.name for run in runs if run.name}
    if unpin is not None and unpin not in names:
        raise BadSetting(
            expected=f"the name of a run: {', '.join(sorted(names)) or '(no run has one)'}",
            found=repr(unpin),
            where="--unpin",
            remedy="sane query CONFIG 'select run_id, name, started from runs' lists all runs",
        )
    if unpin is not None and any(run.name == unpin and run.shown_state == RUNNING for run in runs):
        raise BadSetting(
            expected="a run that is over",
            found=f"{unpin!r} goes on",
            where="--unpin",
            remedy="wait for it, or stop it",
        )
    return sorted(names - {unpin})


def _one_root(configurations: Sequence[tuple[str, Settings]]) -> str:
    roots = {Location.parse(settings.store.root).url: settings.store.root for _, settings in configurations}
    if len(roots) != 1:
        raise BadSetting(
            expected="configurations of one store",
            found=", ".join(sorted(roots)),
            where="store.root",
            remedy="collect each store by itself",
        )
    return next(iter(roots.values()))
