"""The shard of a type-aware model's training; no torch here."""

from typing import Any

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.stages.similarity_shards import LEARNED_SPLITS


def plan_type_aware_model(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard: images, item types and outfits of both learned splits, and the type pairs."""
    inputs: dict[str, Any] = {"type_pairs": upstream.part_digest("type_pairs", "type_pairs")}
    for split in LEARNED_SPLITS:
        inputs[split] = {
            "pixels": upstream.part_digest("images", "pixels", split),
            "rows": upstream.column_digest("images", "images", ("image_id", "label"), split),
            "outfits": upstream.part_digest(f"outfits.{split}", "outfits"),
        }
    return [ShardPlan("all", inputs, {})]
