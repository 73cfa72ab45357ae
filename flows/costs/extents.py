"""How much work each shard holds that a run still has to do, for stages whose shards are known or foreseen."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from flows.costs.facts import Facts
from flows.plan import StagePlan
from flows.planners.saliency import QUERIES_PER_SHARD, chosen_queries
from stores.shards import content_defined_shards

# Jobs whose shards follow those of the images, with the splits they cover; the others are cut by query or not at all.
IMAGE_SPLITS = {
    "images": ("train", "valid", "test"),
    "embeddings": ("train", "valid", "test"),
    "attribute_scores": ("valid", "test"),
}
QUERY_JOBS = ("saliency_maps", "faithfulness", "true_effects")


@dataclass(frozen=True)
class Extent:
    """What one shard covers.

    Attributes:
        images: images of a shard that is cut by images.
        references: for a shard that is cut by queries, the number of references of each query.
    """

    images: int = 0
    references: tuple[tuple[str, int], ...] = ()


def remaining_extents(plan: StagePlan, facts: Facts) -> list[Extent]:
    """Return the shards that are not committed; of a pending stage all that it may have to do."""
    if plan.state == "current":
        return []
    if plan.shards:
        return _known(plan, facts)
    return _foreseen(plan, facts)


def query_split(plan: StagePlan) -> str:
    """Return the split whose queries a stage that is cut by query covers."""
    # Curves are made of test maps only.
    return str(plan.stage.settings.get("split", "test"))


def _known(plan: StagePlan, facts: Facts) -> list[Extent]:
    extents = []
    for shard in plan.shards:
        if shard.key in plan.shards_done:
            continue
        if plan.stage.job in IMAGE_SPLITS:
            extents.append(Extent(images=len(facts.rows_by_shard[shard.plan.label])))
        elif plan.stage.job in QUERY_JOBS:
            groups = groupby(shard.plan.work["pairs"], key=lambda pair: pair["query"])
            extents.append(Extent(references=tuple((query, len(list(pairs))) for query, pairs in groups)))
        else:
            extents.append(Extent())
    return extents


def _foreseen(plan: StagePlan, facts: Facts) -> list[Extent]:
    job = plan.stage.job
    if job in IMAGE_SPLITS:
        labels = facts.shard_labels(*IMAGE_SPLITS[job])
        return [Extent(images=len(facts.rows_by_shard[label])) for label in labels]
    if job in QUERY_JOBS:
        counts = facts.queries(query_split(plan))
        chosen = chosen_queries(counts, plan.stage.settings.get("most_pairs"))
        return [_of_queries(queries, counts) for queries in content_defined_shards(chosen, QUERIES_PER_SHARD)]
    return [Extent()]


def _of_queries(queries: Sequence[str], counts: dict[str, int]) -> Extent:
    return Extent(references=tuple((query, counts[query]) for query in queries))
