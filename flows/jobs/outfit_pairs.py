"""Pairs of one split of a dataset of outfits: two items of one outfit, with their pair of types as condition."""

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.pair_rows import pair_rows
from pipeline.datasets.outfits import condition_name
from pipeline.errors import BadDataset
from pipeline.pairs.directions import chosen_directions
from pipeline.pairs.outfit_matches import outfit_matches
from pipeline.pairs.sampling import sample_pairs


def run(inputs: JobInputs) -> JobResult:
    """Return the rows of `pairs` for one split."""
    settings, upstream = inputs.settings, inputs.upstream
    split = settings["split"]
    images = upstream.table("images", "images", split)
    image_ids, types = images["image_id"].to_pylist(), images["label"].to_pylist()
    outfits = upstream.table(f"outfits.{split}", "outfits")["items"].to_pylist()
    conditions = upstream.table("type_pairs", "type_pairs")["condition"].to_pylist()
    matches = outfit_matches(image_ids, types, outfits, conditions)
    sampled = sample_pairs(split, image_ids, matches, settings["references"], settings["most_pairs"], settings["seed"])
    pairs = chosen_directions(
        ((pair.query, pair.reference) for pair in sampled), settings.get("both_directions", False)
    )
    if not pairs:
        raise BadDataset(
            expected="at least one outfit with two readable items whose types are a known pair",
            found=f"none among {len(outfits)} outfits of {len(image_ids)} images",
            where=f"the {split} split",
            remedy="add outfits, or restore images: sane query CONFIG 'select * from unreadable_images'",
        )
    type_of = dict(zip(image_ids, types, strict=True))
    rows = pair_rows(
        split,
        ((query, reference, condition_name(type_of[query], type_of[reference])) for query, reference in pairs),
    )
    return JobResult({"pairs": inputs.table("pairs", rows)}, {"pairs": len(pairs), "images": len(image_ids)})
