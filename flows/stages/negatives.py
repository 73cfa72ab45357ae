"""The stage of negatives, where a generator contrasts with them."""

from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.negative_shards import NEGATIVES
from flows.stages.reads import Reads, single_shard_stage
from flows.stages.type_aware import condition_reads, condition_values, has_outfits
from pipeline.saliency.catalogue import needs_negatives


def negatives_stages(settings: Settings) -> list[Stage]:
    """Return the stage that finds the negatives of test pairs; none where no mode asks for any."""
    if not any(needs_negatives(*shown) for shown in settings.saliency.generator_modes):
        return []
    values = {
        "split": "test",
        "has_outfits": has_outfits(settings),
        "match_threshold": settings.pairs.match_threshold if settings.dataset.kind == "planted" else 0.0,
        **condition_values(settings),
    }
    reads: Reads = {
        "images": [["images", ["image_id", "label", "pixels_sha256", "similarity_target"], "test"]],
        **({"outfits.test": [["outfits", None, ""]]} if has_outfits(settings) else {}),
        "embeddings": [["embeddings", None, "test"]],
        "pairs.test": [["pairs", None, ""]],
        **condition_reads(settings),
    }
    # What matches is decided by the module that samples pairs, so that the two cannot disagree.
    code = ("pipeline.similarity.negatives", "pipeline.pairs.sampling")
    return [single_shard_stage(NEGATIVES, "negatives", values, code, reads)]
