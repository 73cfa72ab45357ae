"""What a saliency generator is asked, by the pairs of a group of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from flows.engine.shard_task import JobInputs
from flows.readers.conditions import read_references, stage_masks
from flows.readers.image_lookup import EmbeddingLookup, PixelLookup
from flows.readers.kept_embeddings import read_kept_embeddings
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.declaration import needs_reference_pixels
from pipeline.similarity.conditions import project

Pair = Mapping[str, str]


def read_requests(inputs: JobInputs, groups: Sequence[Sequence[Pair]]) -> list[SaliencyRequest]:
    """Return a request for each query, with all that its generator and mode need.

    Args:
        inputs: of a stage whose settings name the mode, and the stage of kept embeddings where there is one, and whose
            work says where images, embeddings and negatives are.
        groups: of each query its pairs.
    """
    images = PixelLookup(inputs.upstream, inputs.work["image_shards"])
    embeddings = EmbeddingLookup(inputs.upstream, inputs.work["embedding_shards"])
    masks = stage_masks(inputs)
    kept = _kept_embeddings(inputs)
    shows_references = needs_reference_pixels(inputs.settings["mode"])
    requests = []
    for pairs in groups:
        query = pairs[0]["query"]
        references_kd, masks_kd = read_references(embeddings, pairs, masks)
        names = tuple(pair["reference"] for pair in pairs)
        pixels_khwc = np.stack([images.of(name) for name in names]) if shows_references else None
        negatives_kmd = _negatives(inputs, embeddings, pairs, masks_kd)
        request = SaliencyRequest(query, images.of(query), references_kd, masks_kd, names, pixels_khwc, negatives_kmd)
        requests.append(request if kept is None else replace(request, perturbed_embeddings_nd=kept[query]))
    return requests


def _negatives(
    inputs: JobInputs, embeddings: EmbeddingLookup, pairs: Sequence[Pair], masks_kd: np.ndarray | None
) -> np.ndarray | None:
    """Return embeddings of each pair's negatives (reference, negative, D), under its condition; None without any."""
    chosen = inputs.work.get("negatives")
    if chosen is None:
        return None
    found = []
    for slot, pair in enumerate(pairs):
        negatives_md = embeddings.of(chosen[pair["pair_id"]])
        found.append(negatives_md if masks_kd is None else project(negatives_md, masks_kd[slot]))
    return np.stack(found)


def _kept_embeddings(inputs: JobInputs) -> dict[str, np.ndarray] | None:
    """Return float16 (perturbation, D) of each query, None where they are not kept."""
    stage = inputs.settings.get("perturbed")
    if stage is None:
        return None
    return read_kept_embeddings(inputs.upstream, inputs.upstream.commit_of(stage, inputs.work["perturbed_shard"]))
