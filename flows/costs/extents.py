"""How much work each shard holds that a run still has to do, for stages whose shards are known or foreseen."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from flows.costs.facts import Facts
from flows.engine.content_shards import content_defined_shards
from flows.engine.plan import StagePlan
from flows.stages.query_shards import QUERIES_PER_SHARD, chosen_queries, most_pairs

# Jobs whose shards follow those of the images, with the splits they cover; the others are cut by query or not at all.
IMAGE_SPLITS = {
    "images": ("train", "valid", "test"),
    "embeddings": ("train", "valid", "test"),
    "attribute_scores": ("valid", "test"),
}
QUERY_JOBS = ("saliency_maps", "faithfulness", "true_effects", "map_localisation")
# Cut as well by query, whose references do not matter.
PERTURBATIONS = "perturbed_embeddings"


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
    return _expected(plan, facts)


def query_split(plan: StagePlan) -> str:
    """Return the split whose queries a stage that is cut by query covers."""
    # Curves are made of test maps only, and only those are asked what they find.
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
        elif plan.stage.job == PERTURBATIONS:
            extents.append(_of_queries_alone(shard.plan.work["queries"]))
        else:
            extents.append(Extent())
    return extents


def _expected(plan: StagePlan, facts: Facts) -> list[Extent]:
    job = plan.stage.job
    if job in IMAGE_SPLITS:
        labels = facts.shard_labels(*IMAGE_SPLITS[job])
        return [Extent(images=len(facts.rows_by_shard[label])) for label in labels]
    if job in (*QUERY_JOBS, PERTURBATIONS):
        counts = facts.queries(query_split(plan))
        groups = content_defined_shards(chosen_queries(counts, most_pairs(plan.stage)), QUERIES_PER_SHARD)
        if job == PERTURBATIONS:
            return [_of_queries_alone(queries) for queries in groups]
        return [_of_queries(queries, counts) for queries in groups]
    return [Extent()]


def _of_queries(queries: Sequence[str], counts: dict[str, int]) -> Extent:
    return Extent(references=tuple((query, counts[query]) for query in queries))


def _of_queries_alone(queries: Sequence[str]) -> Extent:
    return Extent(references=tuple((query, 0) for query in queries))
