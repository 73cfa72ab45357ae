"""The pairs of a split as index arrays over the split's images, with labels, embeddings, scores and maps."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from flows.engine.upstream import Upstream


@dataclass(frozen=True)
class PairFrame:
    """Pairs of one split; every image axis is in the order of the split's image shards.

    Attributes:
        split: "train", "valid" or "test".
        image_ids: of the split's images.
        pair_ids: of the pairs.
        query_p: row of each pair's query.
        reference_p: row of each pair's reference.
        labels_na: bool (image, attribute).
        attribute_names: the vocabulary.
        attribute_groups: factor of each attribute, -1 for independent ones.
        conditions: of the pairs, None where a pair has none.
    """

    split: str
    image_ids: list[str]
    pair_ids: list[str]
    query_p: np.ndarray
    reference_p: np.ndarray
    labels_na: np.ndarray
    attribute_names: list[str]
    attribute_groups: list[int]
    conditions: list[str | None]

    @cached_property
    def present_pa(self) -> np.ndarray:
        """Bool (pair, attribute): the query has the attribute."""
        present: np.ndarray = self.labels_na[self.query_p]
        return present

    @property
    def queries(self) -> list[str]:
        """Image id of each pair's query."""
        return [self.image_ids[row] for row in self.query_p]


def read_pair_frame(upstream: Upstream, split: str) -> PairFrame:
    """Return the pairs of a split; reads `images`, `vocabulary` and `pairs.<split>`."""
    vocabulary = upstream.table("vocabulary", "vocabulary")
    names: list[str] = vocabulary["attribute"].to_pylist()
    image_ids, labels_na = read_labels(upstream, split)
    row = {image_id: position for position, image_id in enumerate(image_ids)}
    pairs = upstream.table(f"pairs.{split}", "pairs")
    return PairFrame(
        split,
        image_ids,
        pairs["pair_id"].to_pylist(),
        np.array([row[query] for query in pairs["query"].to_pylist()], dtype=np.int64),
        np.array([row[reference] for reference in pairs["reference"].to_pylist()], dtype=np.int64),
        labels_na,
        names,
        vocabulary["group"].to_pylist(),
        pairs["condition"].to_pylist(),
    )


def read_labels(upstream: Upstream, split: str) -> tuple[list[str], np.ndarray]:
    """Return image ids and labels, bool (image, attribute), of a split in shard order."""
    names: list[str] = upstream.table("vocabulary", "vocabulary")["attribute"].to_pylist()
    position = {name: column for column, name in enumerate(names)}
    images = upstream.table("images", "images", split)
    image_ids: list[str] = images["image_id"].to_pylist()
    labels_na = np.zeros((len(image_ids), len(names)), dtype=bool)
    for number, attributes in enumerate(images["attributes"].to_pylist()):
        labels_na[number, [position[name] for name in attributes]] = True
    return image_ids, labels_na


def read_embeddings(upstream: Upstream, split: str) -> np.ndarray:
    """Return float32 unit-norm embeddings (image, D) of a split in shard order."""
    return upstream.arrays("embeddings", "embeddings", "embeddings", split)


def read_attribute_logits(upstream: Upstream, model: str, split: str) -> np.ndarray:
    """Return a predictor's logits alone, float32 (image, attribute), of a split in shard order."""
    return upstream.arrays(f"attribute_scores.{model}", "scores", "logits", split)


def read_attribute_scores(upstream: Upstream, model: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a predictor's logits (image, attribute) and activation maps (image, attribute, y, x)."""
    stage = f"attribute_scores.{model}"
    return (
        upstream.arrays(stage, "scores", "logits", split),
        upstream.arrays(stage, "scores", "activations", split),
    )


def read_pair_values(upstream: Upstream, stage: str, part: str, column: str, frame: PairFrame) -> np.ndarray:
    """Return float64 (pair, attribute) from a long table of pair_id, attribute and a value; NaN where absent."""
    table = upstream.table(stage, part)
    pair_row = {pair_id: row for row, pair_id in enumerate(frame.pair_ids)}
    attribute_column = {name: column_ for column_, name in enumerate(frame.attribute_names)}
    values_pa = np.full((len(frame.pair_ids), len(frame.attribute_names)), np.nan)
    pairs = np.array([pair_row[pair_id] for pair_id in table["pair_id"].to_pylist()])
    attributes = np.array([attribute_column[name] for name in table["attribute"].to_pylist()])
    if len(pairs):
        values_pa[pairs, attributes] = table[column].to_numpy().astype(np.float64)
    return values_pa
