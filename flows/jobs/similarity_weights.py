"""The similarity model taken from a weights file."""

from pathlib import Path

from flows.engine.shard_task import JobInputs, JobResult
from pipeline.networks import network_state
from pipeline.similarity.networks import build_embedding_network, load_network_state
from pipeline.similarity.weights_file import fit_names, read_weights_file
from stores.parts import Part, TensorsPart


def run(inputs: JobInputs) -> JobResult:
    """Return the model's tensors and an empty training history."""
    settings = inputs.settings
    weights = str(inputs.task.paths["weights"])
    network = build_embedding_network(settings["network"], settings["embedding_dim"])
    named = fit_names(read_weights_file(Path(weights)), list(network.state_dict()), weights)
    load_network_state(network, named, weights)
    metadata = {"network": settings["network"], "embedding_dim": str(settings["embedding_dim"])}
    parts: dict[str, Part] = {
        "model": TensorsPart(network_state(network), metadata),
        "training_history": inputs.table("training_history", []),
    }
    return JobResult(parts, {"images": 0, "forward_passes": 0, "training_passes": 0})
