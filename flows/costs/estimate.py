"""The cost of every stage that a run would have to do: counts by the stages' own formulas, bytes and seconds.

Seconds come from calibrated rates where a stage says which it pays, else from the stage's latest result; bytes from
earlier shards of the stage, else from the arrays that its formula knows. What neither tells is not known.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from flows.costs.calibration import calibrated, kept_calibration
from flows.costs.rates import Calibration
from flows.engine.plan import StagePlan
from flows.engine.work import ShardExtent, Work
from flows.settings.configuration import Settings
from flows.stages.facts import Facts
from stores.artifacts import ArtifactStore
from stores.fingerprints import fingerprint
from stores.manifests import Commit

# Records beside the values, as the store writes them: measured, see docs/costs.md.
SHARD_RECORD_BYTES = 2500
COLUMN_BYTES = 400
MANIFEST_BYTES = 3900
MANIFEST_BYTES_PER_SHARD = 230
# Enough to see how values compress, few enough to ask a remote store for.
EARLIER_SHARDS = 8


@dataclass(frozen=True)
class StageCost:
    """What one stage still costs.

    Attributes:
        plan: the stage compared with the store.
        shards_to_do: shards without a commit; of a pending stage as many as are expected, else as it may have.
        forward_passes: images through the network concerned; in a training, those of validation.
        training_passes: images forward and backward.
        images: images decoded or rendered.
        bytes: to be written, None where not known.
        seconds: with this many workers, None where not known.
        start_up_seconds: until torch is loaded, once, before the first stage that needs it; 0 for all others.
        is_upper_bound: passes, and what follows from them, may turn out less.
    """

    plan: StagePlan
    shards_to_do: int
    forward_passes: int
    training_passes: int
    images: int
    bytes: int | None
    seconds: float | None
    start_up_seconds: float
    is_upper_bound: bool


class RunCosts:
    """The costs of each seed's stages in turn; what two seeds share is done, and counted, once.

    Args:
        store: with what is done already.
        workers: processes that do shards at the same time.
        calibration: "cached" (measure where nothing is kept), "anew", "kept" (never measure), or "none" (no seconds
            from calibration).
        notify: called with a line for the user before anything is measured.
    """

    def __init__(self, store: ArtifactStore, workers: int, calibration: str, notify: Callable[[str], None]) -> None:
        self._store = store
        self._workers = workers
        self._calibration = calibration
        self._notify = notify
        self._seconds: Calibration | None = None
        self._counted: set[str] = set()

    def of_seed(
        self, settings: Settings, plans: Sequence[StagePlan], wanted: frozenset[str] | None = None
    ) -> list[StageCost]:
        """Return the cost of each stage that is not current and that no earlier seed's run does as well.

        Args:
            settings: of the seed.
            plans: of all its stages.
            wanted: the stages that count; None for all.

        Raises:
            StoreError: an earlier shard cannot be read.
            BadRequest: a CUDA device is asked for and there is none.
        """
        facts = Facts(plans, self._store)
        identities = _identities(plans)
        costs, is_torch_loaded = [], False
        for plan in plans:
            if plan.state == "current" or (wanted is not None and plan.stage.name not in wanted):
                continue
            if identities[plan.stage.name] in self._counted:
                costs.append(_counted_elsewhere(plan))
                continue
            extents = remaining_extents(plan, facts)
            works = [plan.stage.costs.work(plan.stage, one, facts) for one in extents] if plan.stage.costs else []
            needs_torch = any(work.loads_torch for work in works) and not is_torch_loaded
            is_torch_loaded |= needs_torch
            calibration = self._calibrated(settings, facts) if plan.stage.costs and works else None
            start_up = (calibration.start_up or 0.0) if calibration and needs_torch else 0.0
            costs.append(self._stage_cost(plan, extents, works, calibration, facts, start_up))
        self._counted |= {one for name, one in identities.items() if wanted is None or name in wanted}
        return costs

    def _calibrated(self, settings: Settings, facts: Facts) -> Calibration | None:
        # Seeds differ in no way that matters to seconds.
        if self._seconds is None and self._calibration == "kept":
            self._seconds = kept_calibration(settings, facts)
        elif self._seconds is None and self._calibration != "none":
            self._seconds = calibrated(settings, facts, self._calibration == "anew", self._notify)
        return self._seconds

    def _stage_cost(
        self,
        plan: StagePlan,
        extents: list[ShardExtent],
        works: list[Work],
        calibration: Calibration | None,
        facts: Facts,
        start_up: float,
    ) -> StageCost:
        # What is pending may find shards that an earlier run left, or inputs that come out as they were.
        reusable = plan.state == "pending" and self._store.root.child(plan.stage.name).exists()
        if works:
            known = calibration is not None
            seconds = elapsed([calibration.seconds(work.rates) for work in works], self._workers) if known else None  # type: ignore[union-attr]
        else:
            seconds = earlier_seconds(plan, _pairs(plan, facts), self._store) if extents else 0.0
        return StageCost(
            plan,
            len(extents),
            sum(work.forward_passes for work in works),
            sum(work.training_passes for work in works),
            sum(work.images for work in works),
            self._bytes(plan, extents, works),
            seconds,
            start_up,
            bool(extents) and (reusable or any(work.is_upper_bound for work in works)),
        )

    def _bytes(self, plan: StagePlan, extents: list[ShardExtent], works: list[Work]) -> int | None:
        if not extents:
            return 0
        manifest = MANIFEST_BYTES + MANIFEST_BYTES_PER_SHARD * max(len(plan.shards), len(extents))
        each = _earlier_bytes_per_item(plan, extents[0], self._store)
        if each is not None:
            return round(each * sum(map(_items, extents))) + manifest
        arrays = [work.array_bytes for work in works if work.array_bytes is not None]
        if not works or len(arrays) < len(works):
            return None
        # A column of a table costs its description at least; what more its rows take only earlier shards tell.
        columns = sum(len(table.columns) for table in plan.stage.tables)
        return sum(arrays) + (SHARD_RECORD_BYTES + COLUMN_BYTES * columns) * len(works) + manifest


def remaining_extents(plan: StagePlan, facts: Facts) -> list[ShardExtent]:
    """Return the extents of the shards that are not committed; of a pending stage of all that it may have to do."""
    if plan.state == "current":
        return []
    if plan.expected is not None:
        return [shard.plan.extent for shard in plan.expected]
    if plan.shards:
        return [shard.plan.extent for shard in plan.shards if shard.key not in plan.shards_done]
    costs = plan.stage.costs
    return [ShardExtent()] if costs is None else costs.expected(plan.stage, facts)


def elapsed(shard_seconds: Sequence[float], workers: int) -> float:
    """Return the seconds of shards that so many workers share: rounds of them, each as long as a mean shard."""
    if not shard_seconds:
        return 0.0
    rounds = math.ceil(len(shard_seconds) / workers)
    return rounds * sum(shard_seconds) / len(shard_seconds)


def earlier_seconds(plan: StagePlan, pairs: int | None, store: ArtifactStore) -> float | None:
    """Return the seconds of the stage's latest result, scaled by pairs where it counted them; None without one."""
    latest = store.latest_manifest(plan.stage.name)
    if latest is None:
        return None
    counted = latest.details.get("counts", {}).get("pairs")
    return latest.seconds * pairs / int(counted) if counted and pairs is not None else latest.seconds


def real_bytes(store: ArtifactStore, commit: Commit) -> int:
    """Return the bytes of all files of a committed shard."""
    return sum(store.shard_folder(commit.stage, commit.shard_key).file_sizes_bytes().values())


def _earlier_bytes_per_item(plan: StagePlan, extent: ShardExtent, store: ArtifactStore) -> float | None:
    """Return the bytes on disk of an item of earlier shards: those committed already, else of the latest result."""
    keys: Sequence[str] = [shard.key for shard in plan.shards if shard.key in plan.shards_done]
    if not keys:
        latest = store.latest_manifest(plan.stage.name)
        keys = () if latest is None else latest.shard_keys
    step = max(1, len(keys) // EARLIER_SHARDS)
    found = [store.read_commit(plan.stage.name, key) for key in keys[::step][:EARLIER_SHARDS]]
    commits = [commit for commit in found if commit is not None]
    if not commits:
        return None
    count = "pairs" if extent.members else "images" if extent.items or extent.groups else ""
    items = sum(int(commit.counts.get(count, 0)) if count else 1 for commit in commits)
    return sum(real_bytes(store, commit) for commit in commits) / items if items else None


def _items(extent: ShardExtent) -> int:
    return extent.members or extent.items or len(extent.groups) or 1


def _pairs(plan: StagePlan, facts: Facts) -> int | None:
    pairs_stages = [name for name in plan.stage.upstream if name.startswith("pairs.")]
    return facts.pairs(pairs_stages[-1].partition(".")[2]) if len(pairs_stages) == 1 else None


def _identities(plans: Sequence[StagePlan]) -> Mapping[str, str]:
    """Return what tells whether two seeds mean the same computation, for shards that are not known yet as well."""
    found: dict[str, str] = {}
    for plan in plans:
        upstream = [found[name] for name in plan.stage.upstream]
        own = {name: value for name, value in plan.ingredients.items() if name not in ("inputs", "shards")}
        found[plan.stage.name] = fingerprint([own, upstream])
    return found


def _counted_elsewhere(plan: StagePlan) -> StageCost:
    plan = replace(plan, reasons=(*plan.reasons, "done, and counted, with an earlier seed"))
    return StageCost(plan, 0, 0, 0, 0, 0, 0.0, 0.0, False)
