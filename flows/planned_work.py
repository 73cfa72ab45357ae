"""Whether a run has anything to do, told before a cluster or a server is started for it."""

from flows.engine.plan import plan_stages
from flows.engine.request import needed_for
from flows.engine.run import RunRequest
from flows.stages.graph import build_stages
from stores.artifacts import ArtifactStore


def has_work(request: RunRequest) -> bool:
    """Return whether a run would compute anything; False as well for unknown stages, which it refuses at once."""
    stages = build_stages(request.settings)
    names = {stage.name for stage in stages}
    chosen = {*request.force, *request.adopt, *([request.until] if request.until else [])}
    if not chosen <= names:
        return False
    wanted = needed_for(stages, request.until) if request.until else names
    store = ArtifactStore(request.settings.store.root)
    plans = plan_stages(tuple(stage for stage in stages if stage.name in wanted), store)
    return bool(request.force) or any(plan.state != "current" for plan in plans)
