"""The weights that a training starts from, as the user's file holds them."""

from pathlib import Path

import torch

from flows.engine.shard_task import JobInputs
from pipeline.similarity.weights_file import read_weights_file


def read_backbone_weights(inputs: JobInputs) -> dict[str, torch.Tensor] | None:
    """Return the tensors of the file that `backbone_weights` names, by name; None where there is none.

    Raises:
        BadModel: see read_weights_file; nothing in the file is executed.
    """
    path = inputs.task.paths.get("backbone_weights")
    return None if path is None else read_weights_file(Path(str(path)))
