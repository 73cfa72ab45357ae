"""What stages that score pairs depend on besides, where the explained model has conditions; no torch here."""

from flows.engine.stage import Stage
from flows.engine.upstream import Upstream


def condition_inputs(upstream: Upstream, stage: Stage) -> dict[str, str]:
    """Return what a stage that scores pairs depends on besides, where the model has conditions; else nothing."""
    if not stage.settings.get("has_conditions"):
        return {}
    return {part: upstream.part_digest("similarity_model", part) for part in ("condition_masks", "conditions")}
