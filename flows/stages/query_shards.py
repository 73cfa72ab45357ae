"""Shards of saliency maps and of whatever follows their cut: groups of queries with all their references."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from flows.engine.content_shards import content_defined_shards
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.stages.condition_inputs import condition_inputs
from flows.stages.negative_shards import with_negatives
from pipeline.saliency.catalogue import needs_negatives
from pipeline.saliency.declaration import needs_reference_pixels
from stores.fingerprints import fingerprint

QUERIES_PER_SHARD = 8
PAIR_COLUMNS = ("pair_id", "query", "reference")


def plan_saliency_maps(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return content-defined groups of queries; a shard depends on its own images and embeddings only."""
    model = {"model": upstream.part_digest("similarity_model", "model"), **condition_inputs(upstream, stage)}
    groups = _query_groups(upstream, stage, stage.settings["split"])
    if stage.job == "saliency_maps" and needs_negatives(stage.settings["generator"], stage.settings["mode"]):
        groups = with_negatives(upstream, groups)
    kept = _kept_embeddings(upstream, stage)
    return [
        ShardPlan(label, {**inputs, **model, **kept_inputs}, {**work, **kept_work})
        for label, inputs, work in groups
        for kept_inputs, kept_work in [kept.get(label, ({}, {}))]
    ]


def plan_perturbed_embeddings(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return the same groups of queries as their maps'; no reference and no condition matters to a shard."""
    split = stage.settings["split"]
    image_shards = upstream.shard_of_rows("images", "images", "image_id", split)
    pixels = dict(_columns(upstream, "images", "images", split, "image_id", "pixels_sha256"))
    model = upstream.part_digest("similarity_model", "model")
    return [
        ShardPlan(
            _label(queries),
            {"queries": fingerprint([[query, pixels[query]] for query in queries]), "model": model},
            {"queries": queries, "image_shards": {query: image_shards[query] for query in queries}},
        )
        for queries, _ in _pairs_of_groups(upstream, stage, split)
    ]


def plan_true_effects(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return the same groups; re-rendering needs the model but no maps."""
    return plan_saliency_maps(upstream, stage)


def plan_faithfulness(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard for each shard of test maps."""
    maps_stage = stage.settings["maps"]
    by_label = {label: (inputs, work) for label, inputs, work in _query_groups(upstream, stage, "test")}
    model = {"model": upstream.part_digest("similarity_model", "model"), **condition_inputs(upstream, stage)}
    shards = []
    for commit in upstream.commits(maps_stage):
        inputs, work = by_label[commit.shard_label]
        maps = commit.parts["maps"].digest
        work = {**work, "maps_shard": commit.shard_key}
        shards.append(ShardPlan(commit.shard_label, {**inputs, **model, "maps": maps}, work))
    return shards


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


def most_pairs(stage: Stage) -> int | None:
    """Return how many pairs at most a stage covers that is cut by query; None for all."""
    found: int | None = stage.settings.get("most_pairs", stage.item_limits.get("most_pairs"))
    return found


def _kept_embeddings(upstream: Upstream, stage: Stage) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """Return inputs and work that each group's kept embeddings of perturbed queries add, by the group's label."""
    name = stage.settings.get("perturbed")
    commits = upstream.commits(name) if name else []
    return {
        commit.shard_label: (
            {"perturbed": commit.parts["embeddings"].digest},
            {"perturbed_shard": commit.shard_key},
        )
        for commit in commits
    }


def _query_groups(upstream: Upstream, stage: Stage, split: str) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Return label, inputs and work of each group; the work says in which shards its images lie.

    Without that every job would have to look through all shards of a split.
    """
    image_shards = upstream.shard_of_rows("images", "images", "image_id", split)
    embedding_shards = upstream.shard_of_rows("embeddings", "image_embeddings", "image_id", split)
    pixels = dict(_columns(upstream, "images", "images", split, "image_id", "pixels_sha256"))
    embeddings = dict(_columns(upstream, "embeddings", "image_embeddings", split, "image_id", "embedding_sha256"))
    shows_references = needs_reference_pixels(stage.settings["mode"]) if stage.job == "saliency_maps" else False
    groups = []
    for queries, pairs in _pairs_of_groups(upstream, stage, split):
        inputs = {
            "pairs": fingerprint([list(pair.values()) for pair in pairs]),
            "queries": fingerprint([pixels[query] for query in queries]),
            "references": fingerprint([embeddings[pair["reference"]] for pair in pairs]),
        }
        shown = list(queries)
        if shows_references:
            inputs["reference_pixels"] = fingerprint([pixels[pair["reference"]] for pair in pairs])
            shown += [pair["reference"] for pair in pairs]
        work = {
            "pairs": pairs,
            "image_shards": {image: image_shards[image] for image in shown},
            "embedding_shards": {pair["reference"]: embedding_shards[pair["reference"]] for pair in pairs},
        }
        groups.append((_label(queries), inputs, work))
    return groups


def _pairs_of_groups(upstream: Upstream, stage: Stage, split: str) -> list[tuple[list[str], list[dict[str, str]]]]:
    """Return the queries of each group with all their pairs."""
    pairs_by_query: dict[str, list[dict[str, str]]] = defaultdict(list)
    # A model without conditions scores a pair alike under any: its jobs are not told.
    names = (*PAIR_COLUMNS, "condition") if stage.settings.get("has_conditions") else PAIR_COLUMNS
    for pair in upstream.rows(f"pairs.{split}", "pairs"):
        kept = {name: pair[name] for name in names}
        pairs_by_query[pair["query"]].append(kept)
    counts = {query: len(pairs) for query, pairs in pairs_by_query.items()}
    chosen = chosen_queries(counts, most_pairs(stage))
    return [
        (queries, [pair for query in queries for pair in pairs_by_query[query]])
        for queries in content_defined_shards(chosen, average=QUERIES_PER_SHARD)
    ]


def _label(queries: Sequence[str]) -> str:
    return fingerprint(queries[0])[:8]


def _columns(upstream: Upstream, stage: str, part: str, prefix: str, first: str, second: str) -> list[tuple[str, str]]:
    table = upstream.table(stage, part, prefix)
    return list(zip(table[first].to_pylist(), table[second].to_pylist(), strict=True))
