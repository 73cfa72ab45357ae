"""The negatives of test pairs, where a generator contrasts a match with images that do not match."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flows.engine.cuts import Reads
from flows.engine.stage import Stage
from flows.engine.upstream import Upstream
from flows.settings.configuration import Settings
from flows.stages.conditions import condition_reads, condition_values, has_outfits
from flows.stages.dataset import match_threshold
from flows.stages.generator_spec import generator_spec
from flows.stages.reads import single_shard_stage
from pipeline.saliency.catalogue import GENERATORS, needs_negatives, negatives_of
from pipeline.similarity.negatives import FEWEST
from stores.fingerprints import fingerprint
from stores.table_schema import INTEGER, NUMBER, TEXT, Column, TableSchema

NEGATIVES = TableSchema(
    "negatives",
    "Two rows or more per test pair: the images most like the query that do not match it. Neither "
    "query nor reference nor a duplicate of either is among them; of outfits they are items of "
    "the reference's type that share no outfit with the query, followed by other types where "
    "there are too few.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("query", TEXT, "image id"),
        Column(
            "rank",
            INTEGER,
            "1 for the nearest; triplets use it alone, quadruplets the first two, foils all",
        ),
        Column("image_id", TEXT, "of the negative"),
        Column(
            "similarity",
            NUMBER,
            "cosine with the query, -1 to 1; under the pair's condition where the model has a mask for it",
        ),
    ),
)

STAGE = "negatives.test"


def negatives_stages(settings: Settings) -> list[Stage]:
    """Return the stage that finds the negatives of test pairs; none where no mode asks for any."""
    contrasting = [shown for shown in settings.saliency.generator_modes if needs_negatives(*shown)]
    if not contrasting:
        return []
    counts = {shown: negatives_of(*shown, generator_spec(settings, *shown)) for shown in contrasting}
    most = max(counts, key=lambda shown: counts[shown])
    values: dict[str, Any] = {
        "split": "test",
        "has_outfits": has_outfits(settings),
        "match_threshold": match_threshold(settings),
        **condition_values(settings),
        **({"count": counts[most]} if counts[most] > FEWEST else {}),
    }
    reads: Reads = {
        "images": [["images", ["image_id", "label", "pixels_sha256", "similarity_target"], "test"]],
        **({"outfits.test": [["outfits", None, ""]]} if has_outfits(settings) else {}),
        "embeddings": [["embeddings", None, "test"]],
        "pairs.test": [["pairs", None, ""]],
        **condition_reads(settings),
    }
    stage = single_shard_stage(STAGE, "flows.jobs.negatives", values, reads, (NEGATIVES,))
    return [replace(stage, keys={"count": _count_key(*most)})]


def _count_key(generator: str, mode: str) -> str:
    count = GENERATORS[generator].negatives[mode]
    return f"saliency.{generator}.{count}" if isinstance(count, str) else f"saliency.{generator}.modes"


class NegativesOfPairs:
    """The negatives of every test pair, for the groups of queries whose maps contrast with them.

    Args:
        upstream: reads the negatives and the embeddings.
        count: the nearest ones that matter; others, which another generator asked for, are left out.
    """

    def __init__(self, upstream: Upstream, count: int = FEWEST) -> None:
        self._of_pair: dict[str, list[str]] = defaultdict(list)
        for row in upstream.rows(STAGE, "negatives"):
            if row["rank"] <= count:
                self._of_pair[row["pair_id"]].append(row["image_id"])
        table = upstream.table("embeddings", "image_embeddings", "test")
        self._digests = dict(zip(table["image_id"].to_pylist(), table["embedding_sha256"].to_pylist(), strict=True))
        self._shards = upstream.shard_of_rows("embeddings", "image_embeddings", "image_id", "test")

    def add_to(self, inputs: Mapping[str, Any], work: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return inputs and work of a group of queries with each pair's negatives among them."""
        chosen = {pair["pair_id"]: self._of_pair[pair["pair_id"]] for pair in work["pairs"]}
        named = [image for images in chosen.values() for image in images]
        shards = {**work["embedding_shards"], **{image: self._shards[image] for image in named}}
        negatives = fingerprint([self._digests[image] for image in named])
        return {**inputs, "negatives": negatives}, {**work, "negatives": chosen, "embedding_shards": shards}
