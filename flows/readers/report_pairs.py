"""All test pairs of a run as the report's columns; what the run has not made is unknown there."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.engine.upstream import Upstream
from flows.readers.clusters import read_pair_clusters
from flows.readers.pair_frame import PairFrame, read_embeddings
from flows.readers.pair_knowledge import read_pair_knowledge
from pipeline.evaluation.bootstrap import Resampling
from pipeline.report.disagreement import compared_ways, disagreement, naming_counts
from pipeline.report.nearest_pairs import nearest_pairs
from pipeline.report.pair_table import CLASSES, TYPES, PairTable


def read_pair_table(
    upstream: Upstream, settings: Mapping[str, Any], labels: Mapping[str, str], shown: tuple[str, str]
) -> PairTable:
    """Return every test pair.

    Args:
        upstream: must hold `images` and `pairs.test`; the rest is read where it is there.
        settings: `seed`, `bootstrap_samples`, `shared_unit`, and `both_directions` where it is asked for.
        labels: of each test image.
        shown: generator and mode of the maps that the gallery shows.
    """
    frame = _frame(upstream)
    queries, references = frame.queries, [frame.image_ids[row] for row in frame.reference_p]
    conditions = frame.conditions
    has_types = any(condition is not None for condition in conditions)
    query_labels = [labels[query] for query in queries]
    unit = str(settings["shared_unit"])
    n_pairs = len(frame.pair_ids)
    firsts = _first_attributes(upstream, frame)
    answers = _answers(upstream, frame)
    return PairTable(
        frame.pair_ids,
        queries,
        references,
        query_labels,
        [labels[reference] for reference in references],
        [condition or "no types" for condition in conditions] if has_types else query_labels,
        TYPES if has_types else CLASSES,
        read_pair_clusters(upstream, frame, unit, bool(settings.get("both_directions", False))),
        unit,
        Resampling(int(settings["seed"]), int(settings["bootstrap_samples"])),
        _column(upstream, "similarities.test", "similarities", "similarity", frame),
        answers,
        disagreement(firsts, n_pairs),
        _column(upstream, f"faithfulness.{shown[0]}.{shown[1]}", "faithfulness", "insertion_auc", frame),
        read_pair_knowledge(upstream, frame.pair_ids, answers),
        _nearest(upstream, frame),
        _image_labels(upstream),
        methods=compared_ways(firsts),
        naming_p=naming_counts(firsts, n_pairs),
    )


def _frame(upstream: Upstream) -> PairFrame:
    """Return the pairs by rows of images, without the images' attributes."""
    image_ids: list[str] = upstream.table("images", "images", "test")["image_id"].to_pylist()
    row = {image_id: position for position, image_id in enumerate(image_ids)}
    pairs = upstream.table("pairs.test", "pairs")
    query_p, reference_p = (
        np.array([row[image_id] for image_id in pairs[column].to_pylist()], dtype=np.int64)
        for column in ("query", "reference")
    )
    nothing = np.zeros((len(image_ids), 0), dtype=bool)
    pair_ids, conditions = pairs["pair_id"].to_pylist(), pairs["condition"].to_pylist()
    return PairFrame("test", image_ids, pair_ids, query_p, reference_p, nothing, [], [], conditions)


def _column(upstream: Upstream, stage: str, part: str, column: str, frame: PairFrame) -> np.ndarray:
    """Return a number of each pair, float64 (pair,), NaN where the stage has none."""
    if stage not in upstream.manifests:
        return np.full(len(frame.pair_ids), np.nan)
    table = upstream.table(stage, part)
    value_of = dict(zip(table["pair_id"].to_pylist(), table[column].to_pylist(), strict=True))
    values = (value_of.get(pair_id) for pair_id in frame.pair_ids)
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _answers(upstream: Upstream, frame: PairFrame) -> list[dict[str, Any] | None]:
    if "answers" not in upstream.manifests:
        return [None] * len(frame.pair_ids)
    row_of = {row["pair_id"]: row for row in upstream.rows("answers", "answers")}
    return [row_of.get(pair_id) for pair_id in frame.pair_ids]


def _image_labels(upstream: Upstream) -> dict[str, list[str]]:
    table = upstream.table("images", "images", "test")
    return dict(zip(table["image_id"].to_pylist(), table["attributes"].to_pylist(), strict=True))


def _first_attributes(upstream: Upstream, frame: PairFrame) -> dict[str, np.ndarray]:
    """Return by variant the code of the attribute that it names first, int64 (pair,), -1 for none."""
    if "explanations" not in upstream.manifests:
        return {}
    table = upstream.table("explanations", "explanations")
    # All variants and ranks would be millions of rows: filtered while still columns.
    firsts = table.filter(pc.equal(table["rank"], pa.scalar(1, table["rank"].type)))
    codes = {name: code for code, name in enumerate(sorted(set(firsts["attribute"].to_pylist())))}
    row_of = {pair_id: row for row, pair_id in enumerate(frame.pair_ids)}
    found: dict[str, np.ndarray] = {}
    columns = (firsts[name].to_pylist() for name in ("variant", "pair_id", "attribute", "score"))
    for variant, pair_id, attribute, score in zip(*columns, strict=True):
        firsts_p = found.setdefault(variant, np.full(len(frame.pair_ids), -1, dtype=np.int64))
        # Without a score the variant excludes the attribute.
        if score is not None:
            firsts_p[row_of[pair_id]] = codes[attribute]
    return found


def _nearest(upstream: Upstream, frame: PairFrame) -> np.ndarray:
    if "embeddings" not in upstream.manifests:
        return np.zeros((len(frame.pair_ids), 0), dtype=np.int64)
    return nearest_pairs(read_embeddings(upstream, "test"), frame.query_p, frame.reference_p)
