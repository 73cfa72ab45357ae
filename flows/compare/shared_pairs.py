"""The pairs that both models explain: the same query, reference and condition."""

from dataclasses import dataclass

import numpy as np

from flows.compare.sides import Side
from flows.readers.clusters import read_pair_clusters
from flows.readers.pair_frame import PairFrame
from pipeline.errors import BadSetting
from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs

Key = tuple[str, str, str | None]


@dataclass(frozen=True)
class SharedPairs:
    """Pairs in the order of the first side.

    Attributes:
        pair_ids: of the pairs, the same on both sides.
        queries: image id of each pair's query.
        references: image id of each pair's reference.
        first_rows: row of each pair among those of the first side.
        second_rows: likewise of the second side.
        other_images: images of these pairs, queries or references, whose content differs between the sides.
    """

    pair_ids: list[str]
    queries: list[str]
    references: list[str]
    first_rows: np.ndarray
    second_rows: np.ndarray
    other_images: int


def find_shared_pairs(first: Side, second: Side) -> SharedPairs:
    """Return the test pairs that both sides explain.

    Raises:
        BadSetting: there are none.
        StoreError: a store cannot be read.
    """
    row_of = {key: row for row, key in enumerate(_keys(second.frame))}
    keys = [(row, key) for row, key in enumerate(_keys(first.frame)) if key in row_of]
    if not keys:
        raise BadSetting(
            expected="pairs that both explain: the same query, reference and condition",
            found=f"none among {len(first.frame.pair_ids)} pairs of {first.name} and "
            f"{len(second.frame.pair_ids)} of {second.name}",
            where="sane compare",
            remedy="compare runs over the same images; pairs.seed = 0 in both configurations, or one pairs.file, "
            "gives runs of several seeds and models the same pairs",
        )
    rows = np.array([row for row, _ in keys], dtype=np.int64)
    queries, references = [key[0] for _, key in keys], [key[1] for _, key in keys]
    before, after = _contents(first), _contents(second)
    changed = {image for image in (*queries, *references) if before[image] != after[image]}
    return SharedPairs(
        [first.frame.pair_ids[row] for row in rows],
        queries,
        references,
        rows,
        np.array([row_of[key] for _, key in keys], dtype=np.int64),
        len(changed),
    )


def measured_pairs(first: Side, shared: SharedPairs) -> MeasuredPairs:
    """Return these pairs with what they share, and how often they are resampled, as the first side's figures were."""
    facts = first.facts
    both_directions = bool(facts.get("both_directions", False))
    clusters_p = read_pair_clusters(first.upstream, first.frame, str(facts["shared_unit"]), both_directions)
    resampling = Resampling(int(facts["seed"]), int(facts["bootstrap_samples"]))
    return MeasuredPairs(shared.pair_ids, clusters_p[shared.first_rows], resampling)


def _keys(frame: PairFrame) -> list[Key]:
    references = [frame.image_ids[row] for row in frame.reference_p]
    return list(zip(frame.queries, references, frame.conditions, strict=True))


def _contents(side: Side) -> dict[str, str]:
    images = side.upstream.table("images", "images", "test")
    return dict(zip(images["image_id"].to_pylist(), images["sha256"].to_pylist(), strict=True))
