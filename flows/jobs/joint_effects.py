"""True joint effects of a group of planted queries: each is rendered again with every set of its attributes changed."""

from collections.abc import Iterator
from itertools import groupby, islice

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.image_lookup import EmbeddingLookup
from flows.readers.scorer import load_scorer
from pipeline.datasets.planted.item_edits import Edit
from pipeline.datasets.planted.items import sample_item
from pipeline.datasets.planted.joint_edits import attribute_sets, edits_of_set, joint_edits
from pipeline.datasets.planted.renderer import render_with_edits
from pipeline.datasets.planted.spec import PlantedSpec, planted_spec
from pipeline.similarity.scorer import SimilarityScorer

# Bounds the pixels that are held at once.
_IMAGES_PER_BLOCK = 256


def run(inputs: JobInputs) -> JobResult:
    """Return `joint_effects`: a row per pair and set of the query's attributes."""
    spec = planted_spec(inputs.settings["dataset"])
    scorer = load_scorer(inputs)
    embeddings = EmbeddingLookup(inputs.upstream, inputs.work["embedding_shards"])
    rows, passes = [], 0
    for query, grouped in groupby(inputs.work["pairs"], key=lambda pair: pair["query"]):
        pairs = list(grouped)
        sets = list(attribute_sets(sample_item(spec, query).attributes))
        references_kd = embeddings.of([pair["reference"] for pair in pairs])
        effects_sk, used = _effects_of_query(spec, scorer, query, sets, references_kd)
        passes += used
        rows += [
            {"pair_id": pair["pair_id"], "attributes": list(members), "size": len(members), "effect": float(effect)}
            for pair, effects_s in zip(pairs, effects_sk.T, strict=True)
            for members, effect in zip(sets, effects_s, strict=True)
        ]
    counts = {"pairs": len(inputs.work["pairs"]), "forward_passes": passes}
    return JobResult({"joint_effects": inputs.table("joint_effects", rows)}, counts)


def _effects_of_query(
    spec: PlantedSpec,
    scorer: SimilarityScorer,
    query: str,
    sets: list[tuple[str, ...]],
    references_kd: np.ndarray,
) -> tuple[np.ndarray, int]:
    """Return the effect of each set by reference, float64 (set, reference), and the passes used."""
    draws = joint_edits(spec, query)
    edits_of = [edits_of_set(draws, members) for members in sets]
    images: list[tuple[Edit, ...]] = [(), *(edits for edits_s in edits_of for edits in edits_s)]
    embeddings_nd = np.concatenate([scorer.embed(block) for block in _rendered(spec, query, images)])
    scores_nk = embeddings_nd.astype(np.float64) @ references_kd.T.astype(np.float64)
    effects, start = [], 1
    for edits_s in edits_of:
        stop = start + len(edits_s)
        effects.append(scores_nk[0] - scores_nk[start:stop].mean(axis=0))
        start = stop
    return np.stack(effects), len(images)


def _rendered(spec: PlantedSpec, query: str, images: list[tuple[Edit, ...]]) -> Iterator[np.ndarray]:
    """Yield the query with each list of edits, uint8 (image, y, x, channel), in blocks."""
    left = iter(images)
    while block := list(islice(left, _IMAGES_PER_BLOCK)):
        yield np.stack([render_with_edits(spec, query, edits) for edits in block])
