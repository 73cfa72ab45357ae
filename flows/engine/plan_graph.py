"""The plans of all stages of a graph, with what is expected of those that wait for others."""

from flows.engine.earlier_results import EarlierResults
from flows.engine.expected import Expectation
from flows.engine.plan import StagePlan, plan_with
from flows.engine.stage import Stage
from flows.engine.upstream import Upstream
from stores.artifacts import ArtifactStore
from stores.manifests import Manifest


def plan_stages(
    stages: tuple[Stage, ...], store: ArtifactStore, earlier: EarlierResults | None = None
) -> list[StagePlan]:
    """Return the plan of every stage in order; what depends on a stage that is not current is pending.

    Args:
        stages: in order.
        store: where results are.
        earlier: which earlier results reasons compare with; the newest where None.

    Raises:
        StoreError, Exception: see plan_stage.
    """
    manifests: dict[str, Manifest] = {}
    # Many planners read the same shards of images and pairs; each is read once.
    current = Upstream(store, manifests)
    earlier = EarlierResults(store) if earlier is None else earlier
    expectation = Expectation(current, earlier)
    plans = []
    for stage in stages:
        plan = plan_with(stage, current, earlier)
        if plan.manifest is not None:
            manifests[stage.name] = plan.manifest
        plans.append(expectation.add(plan))
    return plans
