"""The embeddings of all images, and the model's score of every pair."""

from flows.engine.cuts import Read, SourceShards, one_for_each_of, one_shard_of
from flows.engine.stage import Stage
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.stages.conditions import condition_upstream, condition_values, named_condition_reads
from flows.stages.facts import Facts, image_extents
from flows.stages.reads import SPLITS
from flows.stages.user_model import embedding_code, model_paths
from stores.table_schema import NUMBER, TEXT, Column, TableSchema

IMAGE_EMBEDDINGS = TableSchema(
    "image_embeddings",
    "One row per image, in the row order of the array `embeddings`.",
    (
        Column("image_id", TEXT, "of the image"),
        Column("split", TEXT, "of the image"),
        Column(
            "embedding_sha256", TEXT, "digest of its embedding; saliency shards depend on these, reference by reference"
        ),
    ),
)

SIMILARITIES = TableSchema(
    "similarities",
    "One row per pair.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column(
            "similarity",
            NUMBER,
            "cosine of the two embeddings, -1 to 1; under the pair's condition where the model has a mask for it",
        ),
    ),
)

FLOAT32_BYTES = 4


def embeddings_stage(settings: Settings) -> Stage:
    """Return the stage that embeds every image, a shard for each shard of images."""
    model = settings.similarity_model
    # The length of a user's vectors is found by embedding.
    length = {} if model.kind == "user" else {"embedding_dim": model.embedding_dim}
    source = SourceShards("images", "pixels", "images", "image_id", SPLITS, "images_shard")
    return Stage(
        "embeddings",
        "flows.jobs.embeddings",
        {"precision": settings.compute.precision, **length},
        embedding_code(model),
        ("images", "similarity_model"),
        one_for_each_of(source, {"model": Read("similarity_model", "model")}),
        model_paths(model),
        tables=(IMAGE_EMBEDDINGS,),
        costs=ShardCosts(_work, image_extents(*SPLITS)),
    )


def _work(_stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    n, length = extent.items, facts.embedding_dim
    return Work(
        n,
        rates={"forward_image": n, "read_part": 3},
        array_bytes=None if length is None else FLOAT32_BYTES * n * length,
        is_upper_bound=not facts.images_are_certain,
        loads_torch=True,
    )


def similarities_stage(settings: Settings, split: str) -> Stage:
    """Return the stage of the scores of a split's pairs."""
    reads = {
        "pairs": Read(f"pairs.{split}", "pairs"),
        "embeddings": Read("embeddings", "image_embeddings", None, split),
        **named_condition_reads(settings),
    }
    return Stage(
        f"similarities.{split}",
        "flows.jobs.similarities",
        {"split": split, **condition_values(settings)},
        (),
        (f"pairs.{split}", "embeddings", *condition_upstream(settings)),
        one_shard_of(reads),
        tables=(SIMILARITIES,),
    )
