"""Both sides of every test pair: maps of both images, and the regions that go together, with names and p-values."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from flows.engine.cuts import Reads
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.stages.cell_effects import CORRESPONDENCE_KEYS, correspondence_pairs
from flows.stages.cell_effects import NAME as CELL_EFFECTS
from flows.stages.conditions import condition_inputs, condition_reads, condition_values
from flows.stages.facts import Facts
from flows.stages.query_groups import extent_of, group_label, pairs_of_groups, query_extents
from flows.stages.reads import pair_reads, single_shard_stage
from stores.fingerprints import fingerprint
from stores.table_schema import FLAG, INTEGER, NUMBER, TEXT, Column, TableSchema

NAME = "correspondences.test"
COMPONENTS = "match_components.test"

CORRESPONDENCE_ROWS = TableSchema(
    "correspondence_rows",
    "One row per pair that is explained from both sides.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("query", TEXT, "image id"),
        Column("reference", TEXT, "image id"),
        Column("row", INTEGER, "position within this shard's arrays"),
        Column("joint", NUMBER, "sum of the positive joint effects of all cells"),
        Column("largest_joint", NUMBER, "largest joint effect of two cells; `interaction` is in units of it"),
        Column("unrelated", TEXT, "image id of a reference of another query, empty where there is none"),
        Column(
            "unrelated_joint", NUMBER, "joint effect of the query's largest component with that image", nullable=True
        ),
    ),
)

MATCH_COMPONENTS = TableSchema(
    "match_components",
    "One row per pair and component: a region of the query and a region of the reference that raise the score "
    "together, largest first.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("component", INTEGER, "1 for the largest"),
        Column("joint", NUMBER, "its part of `correspondence_rows.joint`"),
        Column("share", NUMBER, "the same as a share; of `singular` a share of all joint effects, also negative ones"),
        Column(
            "p_value", NUMBER, "share of unrelated pairs whose largest component is at least as large", nullable=True
        ),
        Column(
            "attribute",
            TEXT,
            "that its part of the score follows, of those that both images have (all, where an image has no labels); "
            "null where none does so more than random directions do",
            nullable=True,
        ),
        Column("attribute_share", NUMBER, "share of its part of the score along that attribute", nullable=True),
        Column("leading_attribute", TEXT, "with the largest share, named or not", nullable=True),
        Column("query_y", NUMBER, "centre of mass of its region in the query, 0 top to 1 bottom"),
        Column("query_x", NUMBER, "0 left to 1 right"),
        Column("reference_y", NUMBER, "likewise in the reference"),
        Column("reference_x", NUMBER, "likewise"),
        Column("is_signed", FLAG, "its regions may be negative, and have no centre of mass that means much"),
    ),
)


def correspondences_stage(settings: Settings) -> Stage:
    """Return the stage that makes maps of both sides and components, from the effects of cells."""
    asked = settings.saliency.correspondence
    values = {
        "split": "test",
        "components": asked.components,
        "split_by": asked.split_by,
        "keep_interaction": asked.keep_interaction,
        "cells": asked.cells,
        **condition_values(settings),
    }
    upstream = ("embeddings", "pairs.test", CELL_EFFECTS)
    return Stage(
        NAME,
        "flows.jobs.correspondences",
        values,
        (),
        (*upstream, "similarity_model") if "has_conditions" in values else upstream,
        cut_correspondences,
        item_limits=correspondence_pairs(settings),
        tables=(CORRESPONDENCE_ROWS,),
        keys={
            **CORRESPONDENCE_KEYS,
            **{name: f"saliency.correspondence.{name}" for name in ("components", "split_by", "keep_interaction")},
        },
        costs=ShardCosts(_work, query_extents()),
    )


def match_components_stage(settings: Settings) -> Stage:
    """Return the stage that says of all components which attribute they follow, and which exceed chance."""
    values = {
        "split_by": settings.saliency.correspondence.split_by,
        "seed": settings.seed,
        **condition_values(settings),
    }
    columns = ["image_id", "label", "attributes"]
    reads: Reads = {
        **pair_reads("test"),
        "images": [["images", columns, split] for split in ("train", "test")],
        "embeddings": [["embeddings", None, "train"]],
        NAME: [["components", None, ""], ["correspondence_rows", None, ""]],
        **condition_reads(settings),
    }
    stage = single_shard_stage(COMPONENTS, "flows.jobs.match_components", values, reads, (MATCH_COMPONENTS,))
    return replace(stage, keys={"split_by": "saliency.correspondence.split_by"})


def cut_correspondences(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return content-defined groups of queries; each depends on the effects and embeddings of its images alone."""
    groups = pairs_of_groups(upstream, stage, "test")
    unrelated = _UnrelatedImages([pair for _, pairs in groups for pair in pairs])
    effects = _RowsByImage(upstream)
    table = upstream.table("embeddings", "image_embeddings", "test")
    embeddings = dict(zip(table["image_id"].to_pylist(), table["embedding_sha256"].to_pylist(), strict=True))
    embedding_shards = upstream.shard_of_rows("embeddings", "image_embeddings", "image_id", "test")
    shared = condition_inputs(upstream, stage)
    shards = []
    for queries, own in groups:
        pairs = [{**pair, "unrelated": unrelated.of(pair)} for pair in own]
        read = sorted({(pair[side], pair.get("condition") or "") for pair in pairs for side in SIDES if pair[side]})
        compared = sorted({pair[side] for pair in pairs for side in ("query", "reference")})
        inputs: dict[str, Any] = {
            "pairs": fingerprint([list(pair.values()) for pair in pairs]),
            "effects": fingerprint([effects.digest[one] for one in read]),
            "embeddings": fingerprint([embeddings[image] for image in compared]),
            **shared,
        }
        work = {
            "pairs": pairs,
            "effect_shards": [[*one, effects.shard[one]] for one in read],
            "embedding_shards": {image: embedding_shards[image] for image in compared},
        }
        shards.append(ShardPlan(group_label(queries), inputs, work, tuple(compared), extent_of(own)))
    return shards


SIDES = ("query", "reference", "unrelated")


class _RowsByImage:
    """Digest and shard of the effects of each image under each condition."""

    def __init__(self, upstream: Upstream) -> None:
        self.digest: dict[tuple[str, str], str] = {}
        self.shard: dict[tuple[str, str], str] = {}
        for commit in upstream.commits(CELL_EFFECTS):
            rows = upstream.store.read_part_table(commit, "cell_effect_rows").to_pylist()
            for row in rows:
                key = row["image_id"], row["condition"]
                self.digest[key], self.shard[key] = row["effects_sha256"], commit.shard_key


class _UnrelatedImages:
    """For each pair an image that does not match its query: a reference of another query, under the same condition.

    Images and pairs lie on a ring by their hashes; a pair takes the next image after it that is none of its query's.
    So an image that joins or leaves moves few pairs.
    """

    def __init__(self, pairs: list[dict[str, str]]) -> None:
        rings: dict[str, set[str]] = defaultdict(set)
        self._own: dict[str, set[str]] = defaultdict(set)
        for pair in pairs:
            rings[pair.get("condition") or ""].add(pair["reference"])
            self._own[pair["query"]] |= {pair["query"], pair["reference"]}
        self._rings = {condition: sorted((_place(image), image) for image in ring) for condition, ring in rings.items()}

    def of(self, pair: Mapping[str, str]) -> str:
        """Return the image id, empty where every image is one of the query's own."""
        ring, own = self._rings[pair.get("condition") or ""], self._own[pair["query"]]
        start = bisect_left(ring, (_place(pair["pair_id"]), ""))
        after = (ring[(start + step) % len(ring)][1] for step in range(len(ring)))
        return next((image for image in after if image not in own), "")


def _place(name: str) -> bytes:
    return sha256(name.encode("utf-8", "surrogatepass")).digest()


def _work(stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    cells, length = stage.settings["cells"] ** 2, facts.embedding_dim
    most = stage.settings["components"]
    values = None if length is None else 4 * (4 * cells + 2 * most * (cells + length))
    if values is not None and stage.settings["keep_interaction"]:
        values += 2 * cells**2
    return Work(
        rates={"read_part": 2 * len(extent.groups) + 2 * extent.members},
        array_bytes=None if values is None else extent.members * values,
        is_upper_bound=True,
    )
