"""How long the stages of a run will take, as far as earlier results or a calibration tell, for its progress."""

from collections.abc import Iterable, Mapping

from flows.costs.estimate import RunCosts
from flows.engine.plan import StagePlan
from flows.engine.plan_graph import plan_stages
from flows.engine.request import RunRequest
from flows.settings.configuration import Settings
from pipeline.errors import PipelineError
from stores.artifacts import ArtifactStore
from stores.errors import StoreError


class TimeLeft:
    """The stages that a run has before it, and their seconds; they leave as they are done or turn out current.

    Args:
        seconds: of each stage with work, in order; None where nothing tells.

    Attributes:
        stages: how many had work at first, with those that were found later.
    """

    def __init__(self, seconds: Mapping[str, float | None]) -> None:
        self._ahead = dict(seconds)
        self.stages = len(self._ahead)

    def begin(self, stage: str) -> None:
        """Note that a stage has work; one that was not thought to have any is counted from now on."""
        if stage not in self._ahead and self.stages:
            self._ahead = {stage: None, **self._ahead}
            self.stages += 1

    def passed(self, stage: str) -> None:
        """Note that nothing is left to do for a stage."""
        self._ahead.pop(stage, None)

    def place(self, stage: str) -> str:
        """Return which of the stages with work it is, such as "stage 3 of 27"; empty for one that is not among them."""
        return f"stage {self.stages - len(self._ahead) + 1} of {self.stages}" if stage in self._ahead else ""

    def after(self, stage: str) -> float | None:
        """Return the seconds of the stages that come after; None where those of one are not known."""
        later: Iterable[float | None] = [seconds for name, seconds in self._ahead.items() if name != stage]
        known = [seconds for seconds in later if seconds is not None]
        return sum(known) if len(known) == len(list(later)) else None

    def done(self, stage: str, share: float) -> float:
        """Return how many stages are done, this one counted by the share of it that is."""
        return self.stages - len(self._ahead) + share * (stage in self._ahead)


def time_left(settings: Settings, request: RunRequest) -> TimeLeft:
    """Return what a run has before it; nothing where its inputs are refused, which the run itself will say."""
    store = ArtifactStore(request.store_root)
    try:
        plans = plan_stages(request.wanted(), store)
        seconds = _seconds(settings, plans, store)
        forced = {plan.stage.name: _of_earlier(plan, store) for plan in plans if plan.stage.name in request.force}
        ahead = {**forced, **seconds}
        return TimeLeft({plan.stage.name: ahead[plan.stage.name] for plan in plans if plan.stage.name in ahead})
    except (PipelineError, StoreError, KeyError):
        return TimeLeft({})


def _seconds(settings: Settings, plans: list[StagePlan], store: ArtifactStore) -> dict[str, float | None]:
    # Of one worker: more of them only end sooner.
    costs = RunCosts(store, 1, "kept", _silent).of_seed(settings, plans)
    return {
        cost.plan.stage.name: cost.seconds if cost.seconds is not None else _of_earlier(cost.plan, store)
        for cost in costs
        if cost.shards_to_do
    }


def _silent(line: str) -> None:
    del line


def _of_earlier(plan: StagePlan, store: ArtifactStore) -> float | None:
    """Return the seconds of the newest result, in proportion to the shards."""
    latest = store.latest_manifest(plan.stage.name)
    to_do = len(plan.shards) - len(plan.shards_done) if plan.expected is None else len(plan.expected)
    if latest is None or not latest.shard_keys:
        return None
    return latest.seconds * (to_do or len(latest.shard_keys)) / len(latest.shard_keys)
