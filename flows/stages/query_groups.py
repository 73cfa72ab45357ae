"""Stages that are cut by query: groups of queries with all their references, which maps and what follows them share."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from typing import Any

from flows.engine.content_shards import content_defined_shards
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardExtent
from flows.settings.configuration import Settings
from flows.stages.conditions import condition_inputs
from flows.stages.facts import Facts
from stores.fingerprints import fingerprint

QUERIES_PER_SHARD = 8
# The setting of a stage that measures maps of fewer pairs than have any; its shards are parts of the maps' shards.
MOST_MEASURED = "curve_pairs"
PAIR_COLUMNS = ("pair_id", "query", "reference")
Pair = Mapping[str, str]


@dataclass(frozen=True)
class QueryGroup:
    """A shard's queries with all their pairs.

    Attributes:
        label: of the shard.
        queries: image ids.
        pairs: of the queries, query by query.
        inputs: digests of what any stage of the group depends on.
        work: pairs, and in which shards the images and embeddings lie, so that no job has to look through all.
    """

    label: str
    queries: list[str]
    pairs: list[dict[str, str]]
    inputs: dict[str, Any]
    work: dict[str, Any]

    def shard(self, inputs: Mapping[str, Any], work: Mapping[str, Any]) -> ShardPlan:
        """Return the group as a shard that depends on, and needs, these things besides."""
        items = tuple(sorted({pair[side] for pair in self.pairs for side in ("query", "reference")}))
        return ShardPlan(self.label, {**self.inputs, **inputs}, {**self.work, **work}, items, extent_of(self.pairs))


def query_groups(upstream: Upstream, stage: Stage, split: str, shows_references: bool = False) -> list[QueryGroup]:
    """Return content-defined groups of the split's queries; a group depends on its own images and embeddings only.

    Args:
        upstream: reads images, embeddings and pairs.
        stage: which is cut, with its limit on pairs and whether it scores under conditions.
        split: of the pairs.
        shows_references: the pixels of references matter as well.
    """
    image_shards = upstream.shard_of_rows("images", "images", "image_id", split)
    embedding_shards = upstream.shard_of_rows("embeddings", "image_embeddings", "image_id", split)
    pixels = pixel_digests(upstream, split)
    embeddings = _digests(upstream, "embeddings", "image_embeddings", split, "embedding_sha256")
    groups = []
    for part in _measured_parts(upstream, stage, split):
        inputs: dict[str, Any] = {
            "pairs": fingerprint([list(pair.values()) for pair in part.pairs]),
            "queries": fingerprint([pixels[query] for query in part.queries]),
            "references": fingerprint([embeddings[pair["reference"]] for pair in part.pairs]),
            **part.positions,
        }
        shown = list(part.queries)
        if shows_references:
            inputs["reference_pixels"] = fingerprint([pixels[pair["reference"]] for pair in part.pairs])
            shown += [pair["reference"] for pair in part.pairs]
        work = {
            "pairs": part.pairs,
            "image_shards": {image: image_shards[image] for image in shown},
            "embedding_shards": {pair["reference"]: embedding_shards[pair["reference"]] for pair in part.pairs},
            **part.positions,
        }
        groups.append(QueryGroup(part.label, part.queries, part.pairs, inputs, work))
    return groups


@dataclass(frozen=True)
class _MeasuredPart:
    """The queries of a group that a stage measures; `positions` in the whole group where it measures fewer pairs."""

    label: str
    queries: list[str]
    pairs: list[dict[str, str]]
    positions: dict[str, list[int]]


def _measured_parts(upstream: Upstream, stage: Stage, split: str) -> list[_MeasuredPart]:
    groups = pairs_of_groups(upstream, stage, split)
    measured = measured_queries({query: n for _, pairs in groups for query, n in extent_of(pairs).groups}, stage)
    parts = []
    for every_query, every_pair in groups:
        queries = [query for query in every_query if query in measured]
        pairs = [pair for pair in every_pair if pair["query"] in measured]
        rows = [row for row, query in enumerate(every_query) if query in measured]
        positions = {"positions": rows} if MOST_MEASURED in stage.settings else {}
        if queries:
            parts.append(_MeasuredPart(group_label(every_query), queries, pairs, positions))
    return parts


def model_inputs(upstream: Upstream, stage: Stage) -> dict[str, str]:
    """Return what every stage that scores pairs with the explained model depends on."""
    return {"model": upstream.part_digest("similarity_model", "model"), **condition_inputs(upstream, stage)}


def pairs_of_groups(upstream: Upstream, stage: Stage, split: str) -> list[tuple[list[str], list[dict[str, str]]]]:
    """Return the queries of each group with all their pairs."""
    pairs_by_query: dict[str, list[dict[str, str]]] = defaultdict(list)
    # A model without conditions scores a pair alike under any: its jobs are not told.
    names = (*PAIR_COLUMNS, "condition") if stage.settings.get("has_conditions") else PAIR_COLUMNS
    for pair in upstream.rows(f"pairs.{split}", "pairs"):
        pairs_by_query[pair["query"]].append({name: pair[name] for name in names})
    counts = {query: len(pairs) for query, pairs in pairs_by_query.items()}
    chosen = chosen_queries(counts, most_pairs(stage))
    return [
        (queries, [pair for query in queries for pair in pairs_by_query[query]])
        for queries in content_defined_shards(chosen, average=QUERIES_PER_SHARD)
    ]


def chosen_queries(references_of: Mapping[str, int], limit: int | None) -> list[str]:
    """Return the queries that get maps, in the order given: all of them, or as many as stay within a number of pairs.

    Whole queries in the order of their hashes, at least one; so a larger number keeps what a smaller one had.
    """
    if limit is None:
        return list(references_of)
    chosen: set[str] = set()
    pairs = 0
    for query in sorted(references_of, key=lambda name: sha256(name.encode()).digest()):
        pairs += references_of[query]
        if chosen and pairs > limit:
            break
        chosen.add(query)
    return [query for query in references_of if query in chosen]


def measured_queries(references_of: Mapping[str, int], stage: Stage) -> frozenset[str]:
    """Return, of the queries that have maps, those that a stage measures: chosen as queries with maps are."""
    return frozenset(chosen_queries(references_of, stage.settings.get(MOST_MEASURED)))


def chosen_pairs(settings: Settings, generator: str) -> dict[str, int]:
    """Return `most_pairs` of a generator that is given fewer test pairs than there are, else nothing."""
    section = settings.saliency.section(generator)
    return {"most_pairs": section.pairs} if section and section.pairs else {}


def most_pairs(stage: Stage) -> int | None:
    """Return how many pairs at most a stage covers that is cut by query; None for all."""
    found: int | None = stage.settings.get("most_pairs", stage.item_limits.get("most_pairs"))
    return found


def group_label(queries: Sequence[str]) -> str:
    """Return the label of a group of queries."""
    return fingerprint(queries[0])[:8]


def pixel_digests(upstream: Upstream, split: str) -> dict[str, str]:
    """Return the digest of the pixels of each image of a split."""
    return _digests(upstream, "images", "images", split, "pixels_sha256")


def _digests(upstream: Upstream, stage: str, part: str, split: str, column: str) -> dict[str, str]:
    table = upstream.table(stage, part, split)
    return dict(zip(table["image_id"].to_pylist(), table[column].to_pylist(), strict=True))


def extent_of(pairs: Sequence[Pair]) -> ShardExtent:
    """Return how many references each query has, of pairs that lie query by query."""
    groups = groupby(pairs, key=lambda pair: pair["query"])
    return ShardExtent(groups=tuple((query, len(list(own))) for query, own in groups))


def query_extents(
    split: str | None = None, with_references: bool = True
) -> Callable[[Stage, Facts], list[ShardExtent]]:
    """Return what gives the groups that a stage of this kind will have, before its pairs are there.

    Args:
        split: of the queries; None for the stage's own.
        with_references: references count; else a query is alone.
    """

    def expected(stage: Stage, facts: Facts) -> list[ShardExtent]:
        counts = facts.queries(split or str(stage.settings["split"]))
        with_maps = chosen_queries(counts, most_pairs(stage))
        measured = measured_queries({query: counts[query] for query in with_maps}, stage)
        groups = (
            [query for query in queries if query in measured]
            for queries in content_defined_shards(with_maps, QUERIES_PER_SHARD)
        )
        return [
            ShardExtent(groups=tuple((query, counts[query] if with_references else 0) for query in queries))
            for queries in groups
            if queries
        ]

    return expected


def parts_read(extent: ShardExtent, facts: Facts, split: str) -> int:
    """Return how many parts a shard reads: ids and pixels for every query, and of each shard that holds references."""
    references = min(len(facts.shard_labels(split)), extent.members)
    return 2 * len(extent.groups) + 2 * references
