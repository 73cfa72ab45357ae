"""What `sane gc` keeps: what is current or in progress for configurations, and what named or live runs use."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from flows.engine.errors import BadRequest
from flows.engine.plan import StagePlan
from stores.artifacts import ArtifactStore
from stores.collection import delete_garbage
from stores.garbage import Garbage, find_garbage
from stores.leases import live_leases
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


def look_for_garbage(
    store: ArtifactStore, planned: Iterable[tuple[str, Sequence[StagePlan]]], unpin: str | None
) -> Collection:
    """Return what of a store is neither wanted by these plans nor kept by a run; nothing is changed.

    Args:
        store: looked at.
        planned: plans of whole graphs on this store, each with its name for people; made one by one.
        unpin: a run's name that is to keep nothing, or None.

    Raises:
        BadRequest: no run has that name, or one that has it goes on.
        StoreError: the store cannot be read; damage comes first.
    """
    roots = roots_of_runs(store, frozenset([unpin]) if unpin is not None else frozenset())
    notes = [f"run {name} is named, so its results are kept" for name in _pinning_names(store, unpin)]
    notes += [f"{lease.stage}: kept whole, run {lease.run_id} works on it" for lease in live_leases(store.root)]
    for name, plans in planned:
        roots = roots | _roots_of(plans)
        pending = list(dict.fromkeys(plan.stage.name for plan in plans if plan.state == "pending"))
        if pending:
            notes.append(
                f"{name}: not known yet what is wanted of {', '.join(pending)}, "
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
        raise BadRequest(
            expected=f"the name of a run: {', '.join(sorted(names)) or '(no run has one)'}",
            found=repr(unpin),
            where="--unpin",
            remedy="sane query CONFIG 'select run_id, name, started from runs' lists all runs",
        )
    if unpin is not None and any(run.name == unpin and run.shown_state == RUNNING for run in runs):
        raise BadRequest(
            expected="a run that is over",
            found=f"{unpin!r} goes on",
            where="--unpin",
            remedy="wait for it, or stop it",
        )
    return sorted(names - {unpin})
