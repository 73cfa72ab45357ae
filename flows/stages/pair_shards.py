"""Shards of pairs that come from outfits or from a released list, and the check of such a list before anything runs."""

from collections.abc import Sequence
from pathlib import Path

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.stages.dataset_shards import dataset_index
from pipeline.pairs.lists import ListedPair, check_missing, read_pair_list
from stores.fingerprints import fingerprint

COLUMNS = ("image_id", "label")


def plan_outfit_pairs(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard: the pairs of one split depend on its image ids, item types and outfits, and the type pairs."""
    split = stage.settings["split"]
    inputs = {
        "rows": upstream.column_digest("images", "images", COLUMNS, split),
        "outfits": upstream.part_digest(f"outfits.{split}", "outfits"),
        "type_pairs": upstream.part_digest("type_pairs", "type_pairs"),
    }
    return [ShardPlan("all", inputs, {})]


def plan_listed_pairs(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard: the lines of the list, wherever it lies, and the images that are there.

    Raises:
        BadDataset: the list is missing or malformed.
    """
    lines = [[pair.query, pair.reference, int(pair.is_match)] for pair in _listed(stage)]
    inputs = {
        "rows": upstream.column_digest("images", "images", COLUMNS, stage.settings["split"]),
        "lines": fingerprint(lines),
    }
    if stage.settings["has_outfits"]:
        inputs["type_pairs"] = upstream.part_digest("type_pairs", "type_pairs")
    return [ShardPlan("all", inputs, {"lines": lines})]


def check_listed_pairs(stages: Sequence[Stage], most_missing: float) -> None:
    """Refuse a released list that does not fit the dataset, before an image is opened.

    Args:
        stages: of the run; without a stage that reads such a list nothing is checked.
        most_missing: the largest share of lines that may name images that are not there.

    Raises:
        BadDataset: the list or the dataset is missing or malformed, or too many of its images are not there.
    """
    by_name = {stage.name: stage for stage in stages}
    for stage in stages:
        if stage.job == "listed_pairs":
            split = stage.settings["split"]
            records = dataset_index(by_name["images"]).records
            image_ids = {record.image_id for record in records if record.split == split}
            check_missing(Path(str(stage.paths["pairs_file"])), _listed(stage), image_ids, most_missing)


def _listed(stage: Stage) -> list[ListedPair]:
    return read_pair_list(Path(str(stage.paths["pairs_file"])))
