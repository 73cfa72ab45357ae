"""Pairs of one split: images of one class, or items whose planted similarity passes a threshold."""

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.pair_rows import pair_rows
from pipeline.errors import BadDataset
from pipeline.pairs.directions import chosen_directions
from pipeline.pairs.sampling import matching_images, sample_pairs


def run(inputs: JobInputs) -> JobResult:
    """Return the rows of `pairs` for one split."""
    settings = inputs.settings
    rows = inputs.upstream.rows("images", "images", settings["split"])
    sampled = sample_pairs(
        settings["split"],
        [row["image_id"] for row in rows],
        matching_images(rows, settings["match_threshold"]),
        settings["references"],
        settings["most_pairs"],
        settings["seed"],
    )
    pairs = chosen_directions(
        ((pair.query, pair.reference) for pair in sampled), settings.get("both_directions", False)
    )
    if not pairs:
        raise BadDataset(
            expected="at least one pair of matching images",
            found=f"none among {len(rows)} images",
            where=f"the {settings['split']} split",
            remedy="add images, or lower pairs.match_threshold",
        )
    explained = pair_rows(settings["split"], ((query, reference, None) for query, reference in pairs))
    return JobResult({"pairs": inputs.table("pairs", explained)}, {"pairs": len(pairs), "images": len(rows)})
