"""The artifacts that are current for a configuration, found by one plan."""

from flows.auto_compute.resolve import resolved
from flows.engine.plan import StagePlan, plan_stages
from flows.engine.upstream import Upstream
from flows.settings.configuration import Settings
from flows.stages.graph import build_stages
from stores.artifacts import ArtifactStore


def current_artifacts(settings: Settings) -> Upstream:
    """Return a reader of every stage that is current for the settings of one seed.

    Raises:
        PipelineError, StoreError: inputs are refused, or the store cannot be read.
    """
    return planned_artifacts(settings)[0]


def planned_artifacts(settings: Settings) -> tuple[Upstream, list[StagePlan]]:
    """Return the same reader, and the plan of every stage, which says why one is not current.

    Raises:
        PipelineError, StoreError: inputs are refused, or the store cannot be read.
    """
    store = ArtifactStore(settings.store.root)
    plans = plan_stages(build_stages(resolved(settings)), store)
    return Upstream(store, {plan.stage.name: plan.manifest for plan in plans if plan.manifest is not None}), plans
