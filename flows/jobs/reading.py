"""The explained model, as jobs use it."""

from functools import lru_cache

import torch

from flows.shards import JobInputs
from pipeline.networks import fold_batch_norms
from pipeline.similarity.networks import build_embedding_network, load_network_state
from pipeline.similarity.scorer import SimilarityScorer
from stores.artifacts import ArtifactStore
from stores.errors import CorruptArtifact


def load_scorer(inputs: JobInputs) -> SimilarityScorer:
    """Return the explained model on the task's device, ready for inference; loaded once a process."""
    commit = inputs.upstream.commits("similarity_model")[0]
    task = inputs.task
    precision = str(inputs.settings["precision"])
    network = _load_network(task.store_root, commit.shard_key, commit.digest, task.device.name)
    return SimilarityScorer(network, task.device.name, precision, task.device.batch_size)


@lru_cache(maxsize=2)
def _load_network(store_root: str, shard_key: str, digest: str, device: str) -> torch.nn.Module:
    # The digest is an argument so that another model under the same key is not taken from this cache.
    store = ArtifactStore(store_root)
    commit = store.require_commit("similarity_model", shard_key)
    if commit.digest != digest:
        raise CorruptArtifact(
            expected=f"the model of digest {digest}",
            found=commit.digest,
            where=f"similarity_model, shard {shard_key}",
            remedy="start the run again: the model was replaced while it went on",
        )
    tensors, metadata = store.read_part_tensors(commit, "model")
    network = build_embedding_network(metadata["network"], int(metadata["embedding_dim"]))
    load_network_state(network, tensors, "similarity_model")
    folded = fold_batch_norms(network)
    return folded.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]
