"""The cause read off the embedding: predicted effect of removing each attribute (beyond the papers)."""

import numpy as np
import pyarrow as pa

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.jobs.progress import report_count
from flows.readers.conditions import read_condition_masks
from flows.readers.pair_frame import read_embeddings, read_labels, read_pair_frame
from pipeline.explanation.conditional_directions import conditional_effects, fit_conditional_directions
from pipeline.explanation.effects_by_condition import LabelledEmbeddings, effects_by_condition
from pipeline.explanation.presence_probe import fit_presence_probe, presence_probability
from stores.parts import ArraysPart, Part


def run(inputs: JobInputs) -> JobResult:
    """Return predicted effects and presence (pair, attribute), and the directions of the general embedding.

    Under conditions the effects come from directions in each condition's own space, which are not kept.
    """
    upstream = inputs.upstream
    split = inputs.settings["split"]
    frame = read_pair_frame(upstream, split)
    embeddings_nd = read_embeddings(upstream, split)
    train_labels_na = read_labels(upstream, "train")[1]
    train_embeddings_nd = read_embeddings(upstream, "train")
    fitted = fit_conditional_directions(train_embeddings_nd, train_labels_na, _image_labels(upstream, "train"))
    image_labels, masks = _image_labels(upstream, split), read_condition_masks(upstream)
    if masks is None:
        effects_pa = conditional_effects(
            embeddings_nd, frame.query_p, frame.reference_p, image_labels, fitted, frame.attribute_groups
        )
    else:
        effects_pa = effects_by_condition(
            LabelledEmbeddings(train_embeddings_nd, train_labels_na, _image_labels(upstream, "train")),
            LabelledEmbeddings(embeddings_nd, frame.labels_na, image_labels),
            frame.query_p,
            frame.reference_p,
            frame.conditions,
            masks,
            frame.attribute_groups,
        )
    report = report_count(inputs.task.stage, "attributes probed")
    probe = fit_presence_probe(train_embeddings_nd, train_labels_na, fitted=report)
    presence_pa = presence_probability(probe, embeddings_nd)[frame.query_p]
    n_pairs, n_attributes = effects_pa.shape
    table = pa.table(
        {
            "pair_id": pa.array(np.repeat(np.array(frame.pair_ids, dtype=object), n_attributes)),
            "split": pa.array([split] * (n_pairs * n_attributes)),
            "attribute": pa.array(np.tile(np.array(frame.attribute_names, dtype=object), n_pairs)),
            "effect": pa.array(effects_pa.ravel()),
            "present_probability": pa.array(presence_pa.ravel()),
        }
    )
    directions = ArraysPart(
        {
            "directions": fitted.overall.directions_ad,
            "alpha": np.array([fitted.overall.alpha]),
            "explained_share": np.array([fitted.overall.explained_share]),
        },
        {"directions": ("attribute", "dimension"), "alpha": ("value",), "explained_share": ("value",)},
    )
    parts: dict[str, Part] = {
        "embedding_effects": inputs.arrow_table("embedding_effects", table),
        "directions": directions,
    }
    return JobResult(parts, {"pairs": n_pairs, "images": fitted.overall.n_images, "own_labels": len(fitted.by_label)})


def _image_labels(upstream: Upstream, split: str) -> list[str]:
    labels: list[str] = upstream.table("images", "images", split)["label"].to_pylist()
    return labels
