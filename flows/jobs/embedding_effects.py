"""The cause read off the embedding: predicted effect of removing each attribute (beyond the papers)."""

import numpy as np
import pyarrow as pa

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.labelled_embeddings import read_embedded_pairs, read_labelled_embeddings
from flows.readers.pair_frame import read_pair_frame
from pipeline.explanation.embedding_effect import fit_attribute_directions
from pipeline.explanation.pair_effects import pair_effects
from stores.parts import ArraysPart, Part


def run(inputs: JobInputs) -> JobResult:
    """Return predicted effects (pair, attribute), and the directions of the general embedding over all images.

    Types and conditions have directions of their own, which are not kept.
    """
    split = inputs.settings["split"]
    frame = read_pair_frame(inputs.upstream, split)
    train = read_labelled_embeddings(inputs.upstream, "train")
    effects_pa = pair_effects(train, read_embedded_pairs(inputs.upstream, frame))
    overall = fit_attribute_directions(train.embeddings_nd, train.labels_na)
    n_pairs, n_attributes = effects_pa.shape
    table = pa.table(
        {
            "pair_id": pa.array(np.repeat(np.array(frame.pair_ids, dtype=object), n_attributes)),
            "split": pa.array([split] * (n_pairs * n_attributes)),
            "attribute": pa.array(np.tile(np.array(frame.attribute_names, dtype=object), n_pairs)),
            "effect": pa.array(effects_pa.ravel()),
        }
    )
    directions = ArraysPart(
        {
            "directions": overall.directions_ad,
            "alpha": np.array([overall.alpha]),
            "explained_share": np.array([overall.explained_share]),
        },
        {"directions": ("attribute", "dimension"), "alpha": ("value",), "explained_share": ("value",)},
    )
    parts: dict[str, Part] = {
        "embedding_effects": inputs.arrow_table("embedding_effects", table),
        "directions": directions,
    }
    return JobResult(parts, {"pairs": n_pairs, "images": overall.n_images})
