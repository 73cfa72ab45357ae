"""The cost of every stage that a run would have to do."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flows.costs.calibration import Calibration
from flows.costs.extents import Extent, remaining_extents
from flows.costs.facts import Facts
from flows.costs.seconds import CALIBRATED_JOBS, TORCH_JOBS, calibrated_seconds, earlier_seconds
from flows.costs.sizes import Earlier, earlier_shards, manifest_bytes, shard_bytes
from flows.costs.work import ShardWork, shard_work
from flows.engine.plan import StagePlan
from stores.artifacts import ArtifactStore


@dataclass(frozen=True)
class StageCost:
    """What one stage still costs.

    Attributes:
        plan: the stage compared with the store.
        shards_to_do: shards without a commit; of a pending stage as many as it may have.
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


@dataclass(frozen=True)
class Estimator:
    """What an estimate draws on.

    Attributes:
        store: with what is done already.
        facts: of the data.
        workers: processes that do shards at the same time.
        calibrate: gives the device's seconds when the first stage needs them, None where they are not wanted.
    """

    store: ArtifactStore
    facts: Facts
    workers: int
    calibrate: Callable[[], Calibration | None]

    def stage_costs(self, plans: Sequence[StagePlan]) -> list[StageCost]:
        """Return the cost of each stage that is not current, in the order in which they run.

        Raises:
            StoreError: an earlier shard cannot be read.
            BadSetting: a CUDA device is asked for and there is none.
        """
        costs = []
        loaded = False
        for plan in plans:
            if plan.state == "current":
                continue
            extents = remaining_extents(plan, self.facts)
            works = [shard_work(plan.stage, extent, self.facts) for extent in extents]
            starts = plan.stage.job in TORCH_JOBS and bool(works) and not loaded
            loaded = loaded or starts
            costs.append(self._stage_cost(plan, extents, works, starts))
        return costs

    def _stage_cost(self, plan: StagePlan, extents: list[Extent], works: list[ShardWork], starts: bool) -> StageCost:
        # What is pending may find shards that an earlier run left, or inputs that come out as they were.
        reusable = plan.state == "pending" and self.store.root.child(plan.stage.name).exists()
        return StageCost(
            plan,
            len(works),
            sum(work.forward_passes for work in works),
            sum(work.training_passes for work in works),
            sum(work.images for work in works),
            self._bytes(plan, works),
            self._seconds(plan, extents, works),
            self._start_up() if starts else 0.0,
            bool(works) and (reusable or any(work.is_upper_bound for work in works)),
        )

    def _start_up(self) -> float:
        calibration = self.calibrate()
        return 0.0 if calibration is None else calibration.start_up or 0.0

    def _bytes(self, plan: StagePlan, works: list[ShardWork]) -> int | None:
        target_length = _target_length(self.facts)
        earlier: Earlier | None = earlier_shards(plan, self.store, target_length)
        sizes = [shard_bytes(work.parts, target_length, earlier) for work in works]
        known = [size for size in sizes if size is not None]
        if len(known) < len(sizes):
            return None
        return round(sum(known)) + manifest_bytes(max(len(plan.shards), len(works)))

    def _seconds(self, plan: StagePlan, extents: list[Extent], works: list[ShardWork]) -> float | None:
        if not works:
            return 0.0
        if plan.stage.job not in CALIBRATED_JOBS:
            return earlier_seconds(plan, _pairs(plan, self.facts), self.store)
        calibration = self.calibrate()
        if calibration is None:
            return None
        shards = [
            calibrated_seconds(plan, extent, work, self.facts, calibration)
            for extent, work in zip(extents, works, strict=True)
        ]
        return elapsed(shards, self.workers)


def elapsed(shard_seconds: Sequence[float], workers: int) -> float:
    """Return the seconds of shards that so many workers share: rounds of them, each as long as a mean shard."""
    if not shard_seconds:
        return 0.0
    rounds = math.ceil(len(shard_seconds) / workers)
    return rounds * sum(shard_seconds) / len(shard_seconds)


def _pairs(plan: StagePlan, facts: Facts) -> int | None:
    split = plan.stage.settings.get("split")
    if split is not None:
        return facts.pairs(split)
    return facts.pairs("test") if plan.stage.job in ("explanations", "audit") else None


def _target_length(facts: Facts) -> int:
    target = next((row["similarity_target"] for row in facts.rows("train")), None)
    return 0 if target is None else len(target)
