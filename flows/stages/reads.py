"""Stages of one shard that depend on exactly the parts they read."""

from typing import Any

from flows.engine.stage import Stage
from flows.stages import attribute_shards as explanation

Reads = dict[str, list[list[Any]]]

LABELS = ["images", ["image_id", "attributes"]]
VOCABULARY: Reads = {"vocabulary": [["vocabulary", None, ""]]}


def single_shard_stage(name: str, job: str, values: dict[str, Any], code: tuple[str, ...], reads: Reads) -> Stage:
    """Return a stage of one shard that depends on exactly the parts it reads."""
    return Stage(name, job, {**values, "reads": reads}, code, tuple(reads), explanation.single_shard)


def pair_reads(split: str) -> Reads:
    """Return what reading a split's pairs with labels takes: stage to [part, columns or None, shard prefix]."""
    return {
        **VOCABULARY,
        "images": [[*LABELS, split]],
        f"pairs.{split}": [["pairs", None, ""]],
    }
