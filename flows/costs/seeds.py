"""Costs of a run of several seeds: what two seeds share is done, and counted, once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from flows.costs.calibrate import calibrated
from flows.costs.calibration import Calibration
from flows.costs.estimate import Estimator, StageCost
from flows.costs.facts import Facts
from flows.engine.plan import StagePlan
from flows.settings.configuration import Settings
from stores.artifacts import ArtifactStore
from stores.fingerprints import fingerprint


class RunCosts:
    """The costs of each seed's stages in turn.

    Args:
        store: with what is done already.
        workers: processes that do shards at the same time.
        calibration: "cached" (measure where nothing is kept), "anew", or "none" (no seconds from calibration).
        notify: called with a line for the user before anything is measured.
    """

    def __init__(self, store: ArtifactStore, workers: int, calibration: str, notify: Callable[[str], None]) -> None:
        self._store = store
        self._workers = workers
        self._calibration = calibration
        self._notify = notify
        self._seconds: Calibration | None = None
        self._counted: set[str] = set()

    def of_seed(self, settings: Settings, plans: Sequence[StagePlan]) -> list[StageCost]:
        """Return the cost of each stage that is not current and that no earlier seed's run does as well.

        Raises:
            PipelineError, StoreError: see `Estimator.stage_costs`.
        """
        facts = Facts(plans, self._store)
        estimator = Estimator(self._store, facts, self._workers, lambda: self._calibrated(settings, facts))
        costs = estimator.stage_costs(plans)
        identities = _identities(plans)
        shared = {name for name, identity in identities.items() if identity in self._counted}
        self._counted |= set(identities.values())
        return [_counted_elsewhere(cost) if cost.plan.stage.name in shared else cost for cost in costs]

    def _calibrated(self, settings: Settings, facts: Facts) -> Calibration | None:
        # Seeds differ in no way that matters to seconds.
        if self._seconds is None and self._calibration != "none":
            self._seconds = calibrated(settings, facts, self._calibration == "anew", self._notify)
        return self._seconds


def _identities(plans: Sequence[StagePlan]) -> Mapping[str, str]:
    """Return what tells whether two seeds mean the same computation, for shards that are not known yet as well."""
    found: dict[str, str] = {}
    for plan in plans:
        upstream = [found[name] for name in plan.stage.upstream]
        own = {name: value for name, value in plan.ingredients.items() if name not in ("inputs", "shards")}
        found[plan.stage.name] = fingerprint([own, upstream])
    return found


def _counted_elsewhere(cost: StageCost) -> StageCost:
    plan = replace(cost.plan, reasons=(*cost.plan.reasons, "done, and counted, with an earlier seed"))
    return StageCost(plan, 0, 0, 0, 0, 0, 0.0, 0.0, False)
