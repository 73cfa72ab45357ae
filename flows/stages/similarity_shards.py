"""Shards of the similarity model, its embeddings, the pairs and their scores."""

from hashlib import sha256
from pathlib import Path

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.stages.condition_inputs import condition_inputs
from pipeline.errors import BadModel

LEARNED_SPLITS = ("train", "valid")


def plan_similarity_model(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard; a model read from a file depends on that file alone, a trained one on its images.

    Raises:
        BadModel: the weights file does not exist.
    """
    weights = stage.paths["weights"]
    if weights is not None:
        path = Path(weights)
        check_weights_file(path)
        return [ShardPlan("all", {"weights": sha256(path.read_bytes()).hexdigest()}, {})]
    columns = ("image_id", "label", "similarity_target")
    inputs = {
        split: {
            "pixels": upstream.part_digest("images", "pixels", split),
            "rows": upstream.column_digest("images", "images", columns, split),
        }
        for split in LEARNED_SPLITS
    }
    return [ShardPlan("all", inputs, {})]


def check_weights_file(path: Path) -> None:
    """Refuse a weights file that does not exist.

    Raises:
        BadModel: there is no such file.
    """
    if not path.is_file():
        raise BadModel(
            expected="a weights file",
            found="no such file",
            where=f"similarity_model.weights = {path}",
            remedy="correct the path (it is relative to the configuration file)",
        )


def plan_embeddings(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard for each shard of images.

    The split is named because splits may share images: two of them may have shards of the same pixels and ids.
    """
    model = upstream.part_digest("similarity_model", "model")
    return [
        ShardPlan(
            commit.shard_label,
            {
                "model": model,
                "split": commit.shard_label.partition("/")[0],
                "pixels": commit.parts["pixels"].digest,
                "ids": commit.parts["images"].detail["column_digests"]["image_id"],
            },
            {"images_shard": commit.shard_key},
        )
        for commit in upstream.commits("images")
    ]


def plan_pairs(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard: the pairs of one split depend on its image ids, labels and targets."""
    columns = ("image_id", "label", "similarity_target")
    digest = upstream.column_digest("images", "images", columns, stage.settings["split"])
    return [ShardPlan("all", {"rows": digest}, {})]


def plan_similarities(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard: the scores of one split's pairs."""
    split = stage.settings["split"]
    inputs = {
        "pairs": upstream.part_digest(f"pairs.{split}", "pairs"),
        "embeddings": upstream.part_digest("embeddings", "image_embeddings", split),
        **condition_inputs(upstream, stage),
    }
    return [ShardPlan("all", inputs, {})]
