"""What a stage is: settings that matter, code that matters, upstream stages, and how its work is cut."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flows.engine.upstream import Upstream


@dataclass(frozen=True)
class ShardPlan:
    """One shard of a stage's work.

    Attributes:
        label: names the shard to people, such as "train/003".
        inputs: digests and ids that fix the shard's result; part of its key.
        work: what the job needs to know to do it; follows from `inputs`, so not part of the key.
    """

    label: str
    inputs: Mapping[str, Any]
    work: Mapping[str, Any] = field(default_factory=dict)


# Returns the shards in order, from settings and upstream artifacts; imports no torch.
ShardPlanner = Callable[["Upstream", "Stage"], list[ShardPlan]]


@dataclass(frozen=True)
class Stage:
    """One instance of a stage: a pure function of its settings, its code and its upstream artifacts.

    Attributes:
        name: the instance, such as "saliency_maps.test.rise.fixed".
        job: module under flows.jobs whose `run` does a shard.
        settings: the settings that matter to the result; all of them are in the key.
        code: pipeline modules that do the work; what they import within `pipeline` counts as well.
        upstream: stage instances read.
        planner: cuts the work into shards.
        places: paths that planner and job need; where something lies is not in the key, its content is.
        version: raised by hand when the meaning of the result changes without its code changing.
        extent: how many items there are to cut into shards; not in the key, as each shard's inputs name its items.
    """

    name: str
    job: str
    settings: Mapping[str, Any]
    code: tuple[str, ...]
    upstream: tuple[str, ...]
    planner: ShardPlanner
    places: Mapping[str, str | None] = field(default_factory=dict)
    version: int = 1
    extent: Mapping[str, int] = field(default_factory=dict)
