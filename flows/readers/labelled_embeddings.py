"""The images of a split as the embedding effect sees them, and the pairs whose effects it predicts."""

from flows.engine.upstream import Upstream
from flows.readers.conditions import read_condition_masks
from flows.readers.pair_frame import PairFrame, read_embeddings, read_labels
from pipeline.explanation.effects_by_condition import LabelledEmbeddings
from pipeline.explanation.pair_effects import EmbeddedPairs


def read_labelled_embeddings(upstream: Upstream, split: str) -> LabelledEmbeddings:
    """Return embeddings, attributes and types of a split's images; reads `images`, `vocabulary` and `embeddings`."""
    types: list[str] = upstream.table("images", "images", split)["label"].to_pylist()
    return LabelledEmbeddings(read_embeddings(upstream, split), read_labels(upstream, split)[1], types)


def read_embedded_pairs(upstream: Upstream, frame: PairFrame) -> EmbeddedPairs:
    """Return a split's pairs with their embeddings, and the model's conditions where it has any."""
    images = read_labelled_embeddings(upstream, frame.split)
    masks = read_condition_masks(upstream)
    return EmbeddedPairs(images, frame.query_p, frame.reference_p, frame.conditions, masks, frame.attribute_groups)
