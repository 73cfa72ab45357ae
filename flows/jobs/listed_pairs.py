"""Test pairs out of a released list: matches are explained, the others kept beside them."""

from collections.abc import Iterable, Mapping

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.readers.pair_rows import pair_rows
from pipeline.datasets.outfits import condition_name
from pipeline.errors import BadDataset
from pipeline.pairs.directions import chosen_directions
from pipeline.pairs.lists import ListedPair, select_listed


def run(inputs: JobInputs) -> JobResult:
    """Return the parts `pairs` (label 1), `other_pairs` (label 0) and `missing_images`."""
    settings, upstream = inputs.settings, inputs.upstream
    split = settings["split"]
    images = upstream.table("images", "images", split)
    type_of = dict(zip(images["image_id"].to_pylist(), images["label"].to_pylist(), strict=True))
    listed = [ListedPair(query, reference, bool(label)) for query, reference, label in inputs.work["lines"]]
    found = select_listed(listed, type_of, settings["most_pairs"], settings["seed"])
    known = _known_conditions(upstream) if settings["has_outfits"] else None
    matched = chosen_directions(
        ((pair.query, pair.reference) for pair in found.matches), settings.get("both_directions", False)
    )
    matches = [(query, reference, _condition(query, reference, type_of, known)) for query, reference in matched]
    # A type-aware model has no mask for a pair of types that no training outfit has.
    explained = [match for match in matches if known is None or match[2] in known]
    others = [
        (pair.query, pair.reference, _condition(pair.query, pair.reference, type_of, known)) for pair in found.others
    ]
    if not explained:
        raise BadDataset(
            expected="at least one line with label 1 whose images are in the test split",
            found=f"none in {len(listed)} lines; {found.lines_missing} name missing images",
            where="pairs.file",
            remedy="use the list that belongs to this dataset, or leave pairs.file out to sample pairs",
        )
    missing = [{"image_id": image_id, "lines": lines} for image_id, lines in found.missing.items()]
    parts = {
        "pairs": inputs.table("pairs", pair_rows(split, explained)),
        "other_pairs": inputs.table("pairs", pair_rows(split, others, is_match=False)),
        "missing_images": inputs.table("missing_images", missing),
    }
    counts = {
        "pairs": len(explained),
        "other_pairs": len(others),
        "images": len(type_of),
        "missing_images": len(missing),
        "lines_missing": found.lines_missing,
        "lines_repeated": found.repeated,
        "lines_of_itself": found.of_itself,
        "pairs_of_unknown_types": len(matches) - len(explained),
    }
    return JobResult(parts, counts)


def _known_conditions(upstream: Upstream) -> frozenset[str]:
    names: Iterable[str] = upstream.table("type_pairs", "type_pairs")["condition"].to_pylist()
    return frozenset(names)


def _condition(query: str, reference: str, type_of: Mapping[str, str], known: frozenset[str] | None) -> str | None:
    return None if known is None else condition_name(type_of[query], type_of[reference])
