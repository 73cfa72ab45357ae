"""The explained model, as jobs use it."""

import importlib
import json
from dataclasses import dataclass
from functools import lru_cache

import torch

from flows.engine.shard_task import JobInputs
from pipeline.networks import fold_batch_norms
from pipeline.similarity.graph_capture import CapturedForward
from pipeline.similarity.networks import build_embedding_network, load_network_state
from pipeline.similarity.scorer import SimilarityScorer
from stores.artifacts import ArtifactStore
from stores.errors import CorruptArtifact

Paths = tuple[tuple[str, str | None], ...]


def load_scorer(inputs: JobInputs) -> SimilarityScorer:
    """Return the explained model on the task's device, ready for inference; loaded once a process."""
    commit = inputs.upstream.commits("similarity_model")[0]
    task = inputs.task
    precision = str(inputs.settings["precision"])
    paths = tuple(sorted(task.paths.items()))
    named = task.store_root, commit.shard_key, commit.digest, task.device.name, paths
    loaded = _load_network(*named)
    batch_size = task.device.batch_size
    recorded = _recorded_passes(*named, precision, batch_size) if loaded.can_be_recorded else None
    return SimilarityScorer(loaded.network, task.device.name, precision, batch_size, recorded)


def forget_models() -> None:
    """Let go of models and recorded passes that this process keeps on a device."""
    _recorded_passes.cache_clear()
    _load_network.cache_clear()


def embedding_length(inputs: JobInputs) -> int:
    """Return D, as the model's record says."""
    commit = inputs.upstream.commits("similarity_model")[0]
    return int(inputs.upstream.store.read_part_tensors(commit, "model")[1]["embedding_dim"])


@dataclass(frozen=True)
class _Loaded:
    """A model on its device; passes of our own networks on a CUDA device can be recorded.

    A user's may decide on values, or compute elsewhere.
    """

    network: torch.nn.Module
    can_be_recorded: bool


# One, so that a smaller batch takes the place of the one that filled the memory.
@lru_cache(maxsize=1)
def _recorded_passes(
    store_root: str, shard_key: str, digest: str, device: str, paths: Paths, precision: str, batch_size: int
) -> CapturedForward:
    network = _load_network(store_root, shard_key, digest, device, paths).network
    return CapturedForward(SimilarityScorer(network, device, precision, batch_size))


@lru_cache(maxsize=2)
def _load_network(store_root: str, shard_key: str, digest: str, device: str, paths: Paths) -> _Loaded:
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
    if "description" in metadata:
        program = store.read_part_file(commit, "program") if "program" in commit.parts else None
        # By name: a user's model counts for the stages that name it in their code, and for no others.
        loading = importlib.import_module("flows.user_model.loading")
        description = json.loads(metadata["description"])
        return _Loaded(loading.load_user_model(description, dict(paths), program, device), False)
    stripes = int(metadata.get("stripes", "0"))
    network = build_embedding_network(metadata["network"], int(metadata["embedding_dim"]), stripes=stripes)
    load_network_state(network, tensors, "similarity_model")
    folded = fold_batch_norms(network).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return _Loaded(folded, device.startswith("cuda"))
