"""What `sane verify` looks at: the results that count for a configuration, or all that a store holds."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from flows.engine.errors import error_text, has_four_parts
from flows.engine.plan import StagePlan, plan_stage
from flows.engine.stage import Stage
from stores.errors import StoreError, UnreachableStore
from stores.maintenance import list_shard_keys
from stores.manifests import Manifest
from stores.run_records import RUNS, RunRecord
from stores.verification import Problem, ShardCheck, TolerantStore, check_shard, missing_manifest


@dataclass
class Selection:
    """What is to be looked at.

    Attributes:
        manifests: readable manifests, by stage instance and fingerprint.
        shards: by stage instance and shard key, the digest that each of these manifests promises, by fingerprint.
        problems: found while selecting.
        planning_errors: what kept stages from being planned; damage that the look itself will find, or else worth
            telling.
        unknown: stage instances whose wanted result is not known, so that all they have is looked at.
        notes: for the user.
    """

    manifests: dict[tuple[str, str], Manifest] = field(default_factory=dict)
    shards: dict[tuple[str, str], dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    problems: list[Problem] = field(default_factory=list)
    planning_errors: list[Problem] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def add_manifest(self, manifest: Manifest) -> None:
        """Look at a manifest and the shards that it lists."""
        self.manifests[manifest.stage, manifest.fingerprint] = manifest
        for key, digest in zip(manifest.shard_keys, manifest.digests, strict=True):
            self.shards[manifest.stage, key][manifest.fingerprint] = digest

    def add_shard(self, stage: str, shard_key: str) -> None:
        """Look at a shard that no manifest need list."""
        self.shards.setdefault((stage, shard_key), {})


@dataclass(frozen=True)
class Verification:
    """What a look at a store gave.

    Attributes:
        manifests: looked at.
        shards: looked at.
        files: looked at, manifests and commits included.
        size_bytes: of those files.
        problems: one for each file that is not as it should be.
        notes: for the user.
    """

    manifests: int
    shards: int
    files: int
    size_bytes: int
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


# Given the number of shards, wraps the looks at them to show progress.
ShowChecks = Callable[[int, Iterable[ShardCheck]], Iterable[ShardCheck]]


def verify_store(
    store_root: str,
    graphs: Callable[[], Iterable[tuple[Stage, ...]]],
    everything: bool,
    show: ShowChecks,
    beside_stages: Callable[[TolerantStore], Iterable[Problem]] = lambda _store: (),
) -> Verification:
    """Read what is current or partly done for some graphs of stages, and return what is wrong with it.

    Args:
        store_root: folder or URL of the store.
        graphs: gives them; it may refuse, as where a dataset is malformed.
        everything: look at all that the store holds instead, whatever made it.
        show: shows progress.
        beside_stages: gives the problems of what the caller keeps in the store beside results.

    Raises:
        Exception: inputs or settings are refused, so that nothing can be planned, and not everything is looked at.
        StoreError: the store itself cannot be read.
    """
    store = TolerantStore(store_root)
    selection = Selection()
    try:
        for stages in graphs():
            _select_for_graph(stages, store, selection)
    except Exception as error:
        if not everything or isinstance(error, StoreError) or not has_four_parts(error):
            raise
        note = error_text(error).replace("\n", "; ")
        selection.notes.append(f"the configuration cannot be planned, so what it lacks is not known: {note}")
    if everything:
        for stage in store.stages():
            _select_all_of(stage, store, selection)
    if selection.unknown:
        names = ", ".join(sorted(selection.unknown))
        selection.notes.append(f"not known yet what is wanted of these, so all they have was read: {names}")
    selection.problems += _run_record_problems(store)
    selection.problems += beside_stages(store)
    return _look(store, selection, show)


def _look(store: TolerantStore, selection: Selection, show: ShowChecks) -> Verification:
    checks = (check_shard(store, *shard, promised) for shard, promised in selection.shards.items())
    done = list(show(len(selection.shards), checks))
    found = [*store.problems.values(), *selection.problems, *(one for check in done for one in check.problems)]
    found = found or selection.planning_errors
    by_file = {(problem.error.where, problem.shard_key): problem for problem in found}
    sizes = [len(store.manifest_file(*manifest).read_bytes()) for manifest in selection.manifests]
    return Verification(
        manifests=len(sizes),
        shards=len(done),
        files=sum(check.files for check in done) + len(sizes),
        size_bytes=sum(check.size_bytes for check in done) + sum(sizes),
        problems=tuple(sorted(by_file.values(), key=lambda one: (one.stage, one.error.where))),
        notes=tuple(selection.notes),
    )


def _select_for_graph(stages: tuple[Stage, ...], store: TolerantStore, selection: Selection) -> None:
    manifests: dict[str, Manifest] = {}
    plans: dict[str, StagePlan | None] = {}
    for stage in stages:
        plan = plans[stage.name] = _plan_if_possible(stage, store, manifests, selection)
        if plan is None or plan.fingerprint is None:
            selection.unknown.add(stage.name)
            _select_all_of(stage.name, store, selection)
        elif plan.manifest is not None:
            manifests[stage.name] = plan.manifest
            selection.add_manifest(plan.manifest)
        else:
            for key in plan.shards_done:
                selection.add_shard(stage.name, key)
    selection.problems += _missing_manifests(plans, store, selection)


def _plan_if_possible(
    stage: Stage, store: TolerantStore, manifests: dict[str, Manifest], selection: Selection
) -> StagePlan | None:
    try:
        return plan_stage(stage, store, manifests)
    except UnreachableStore:
        raise
    except StoreError as error:
        selection.planning_errors.append(Problem(stage.name, error))
        return None


def _select_all_of(stage: str, store: TolerantStore, selection: Selection) -> None:
    for fingerprint in store.fingerprints(stage):
        manifest = store.read_manifest(stage, fingerprint)
        if manifest is not None:
            selection.add_manifest(manifest)
    for key in list_shard_keys(store, stage):
        selection.add_shard(stage, key)


def _missing_manifests(
    plans: dict[str, StagePlan | None], store: TolerantStore, selection: Selection
) -> Iterable[Problem]:
    """Give a problem for each manifest that must have been there: its shards are, or a later result names it."""
    named: dict[str, set[str]] = defaultdict(set)
    for manifest in selection.manifests.values():
        for stage, fingerprint in manifest.upstream.items():
            named[stage].add(fingerprint)
    for stage, plan in plans.items():
        if plan is None or plan.fingerprint is None:
            wanted = named[stage]
        elif plan.manifest is None and len(plan.shards_done) == len(plan.shards):
            wanted = {plan.fingerprint}
        elif plan.manifest is None:
            wanted = named[stage] & {plan.fingerprint}
        else:
            continue
        for fingerprint in sorted(wanted - set(store.fingerprints(stage))):
            complete = plan is not None and plan.fingerprint is not None and len(plan.shards_done) == len(plan.shards)
            found = "none, though all its shards are committed" if complete else "none, though later results name it"
            yield missing_manifest(store, stage, fingerprint, found)


def _run_record_problems(store: TolerantStore) -> Iterable[Problem]:
    folder = store.root.child(RUNS)
    for name in folder.list_names():
        place = folder.child(name)
        try:
            RunRecord.from_json(place.read_bytes(), place.url)
        except UnreachableStore:
            raise
        except StoreError as error:
            yield Problem(RUNS, error)
