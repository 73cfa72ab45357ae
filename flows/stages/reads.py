"""What many stages of one shard read, and how such a stage is put together."""

from collections.abc import Sequence
from typing import Any

from flows.engine.cuts import Reads, single_shard
from flows.engine.stage import Stage
from stores.table_schema import TableSchema

SPLITS = ("train", "valid", "test")
# The images as the dataset has them, where their attributes are discovered.
UNLABELLED_IMAGES = "unlabelled_images"
LABELS = ["images", ["image_id", "attributes"]]
VOCABULARY: Reads = {"vocabulary": [["vocabulary", None, ""]]}


def single_shard_stage(
    name: str,
    job: str,
    values: dict[str, Any],
    reads: Reads,
    tables: Sequence[TableSchema] = (),
    code: tuple[str, ...] = (),
) -> Stage:
    """Return a stage of one shard that depends on exactly the parts it reads.

    Args:
        name: stage instance.
        job: its module's dotted name.
        values: its settings; what it reads is added to them.
        reads: stage to [part, columns or None, shard prefix].
        tables: that it writes.
        code: modules that its job imports by name.
    """
    return Stage(name, job, {**values, "reads": reads}, code, tuple(reads), single_shard, tables=tuple(tables))


def pair_reads(split: str) -> Reads:
    """Return what reading a split's pairs with labels takes."""
    return {
        **VOCABULARY,
        "images": [[*LABELS, split]],
        f"pairs.{split}": [["pairs", None, ""]],
    }
