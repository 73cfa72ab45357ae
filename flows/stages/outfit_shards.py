"""Shards of outfits and of the pairs of item types."""

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.stages.dataset_shards import dataset_index
from pipeline.datasets.outfits import OutfitIndex
from stores.fingerprints import fingerprint


def plan_outfits(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard: the outfits of one split, each with its items in order."""
    split = stage.settings["split"]
    outfits = [outfit for outfit in outfit_index(stage).outfits if outfit.split == split]
    rows = [{"outfit_id": outfit.outfit_id, "split": split, "items": list(outfit.items)} for outfit in outfits]
    return [ShardPlan("all", {"rows": fingerprint(rows)}, {"rows": rows})]


def plan_type_pairs(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard: the pairs of item types in the order that numbers their conditions."""
    pairs = [list(pair) for pair in outfit_index(stage).type_pairs]
    return [ShardPlan("all", {"pairs": pairs}, {"pairs": pairs})]


def outfit_index(stage: Stage) -> OutfitIndex:
    """Return the index of the dataset of a stage that only datasets of outfits have.

    Raises:
        BadDataset: the dataset on disk is missing or malformed.
    """
    index = dataset_index(stage)
    assert isinstance(index, OutfitIndex)
    return index
