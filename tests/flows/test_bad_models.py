"""Weights files that cannot be used, through the command line; nothing in such a file is ever executed."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from typer.testing import Result

from pipeline.networks import network_state
from pipeline.similarity.networks import build_embedding_network
from tests.flows.run_cases import FinishedRun, invoke, refusal


def run_with(run: FinishedRun, weights: Path, *options: str) -> Result:
    chosen = f"similarity_model.weights={weights}"
    return invoke("run", run.config, "--until", "embeddings", "--set", chosen, *options)


@pytest.fixture(scope="module")
def state() -> dict[str, np.ndarray]:
    return network_state(build_embedding_network("small_residual", 64, seed=1))


def linear_layer(state: dict[str, np.ndarray]) -> list[str]:
    """Return the names of the embedding layer's tensors, the last ones of the network."""
    return list(state)[-2:]


def test_good_weights_are_used_instead_of_training(run_copy: FinishedRun, state: dict[str, np.ndarray]) -> None:
    weights = run_copy.config.parent / "good.safetensors"
    save_file(state, weights)
    result = run_with(run_copy, Path("good.safetensors"))
    assert result.exit_code == 0, result.stderr
    assert run_copy.manifest("similarity_model").details["counts"]["images"] == 0
    # What counts is the file's content, not its place.
    weights.rename(run_copy.config.parent / "moved.safetensors")
    again = run_with(run_copy, Path("moved.safetensors"))
    assert "nothing to do" in again.stdout


def test_a_torch_state_dict_is_read_as_well(run_copy: FinishedRun, state: dict[str, np.ndarray]) -> None:
    weights = run_copy.config.parent / "good.pt"
    torch.save({"state_dict": {name: torch.tensor(value) for name, value in state.items()}}, weights)
    assert run_with(run_copy, weights).exit_code == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_weights_that_embed_nothing_are_refused(
    run_copy: FinishedRun, state: dict[str, np.ndarray], value: float
) -> None:
    spoilt = dict(state)
    for name in linear_layer(state):
        spoilt[name] = np.full_like(state[name], value)
    weights = run_copy.config.parent / "spoilt.safetensors"
    save_file(spoilt, weights)
    message = refusal(run_with(run_copy, weights), 1)
    assert "one finite, non-zero vector per image" in message
    assert "embeddings that are NaN, infinite or zero" in message
    assert "check the weights file" in message


def test_a_missing_file_is_refused_before_anything_is_computed(finished_run: FinishedRun) -> None:
    for command in ("run", "status"):
        result = invoke(command, finished_run.config, "--set", "similarity_model.weights=none.safetensors")
        message = refusal(result, 1)
        assert str(finished_run.config.parent / "none.safetensors") in message
        assert "relative to the configuration file" in message


def test_weights_of_another_network_are_refused(run_copy: FinishedRun, state: dict[str, np.ndarray]) -> None:
    weights = run_copy.config.parent / "other.safetensors"
    save_file({**state, "extra": np.zeros(3, np.float32)}, weights)
    message = refusal(run_with(run_copy, weights), 1)
    assert "unknown ['extra']" in message
    assert str(weights) in message
    message = refusal(run_with(run_copy, weights, "--set", "similarity_model.embedding_dim=32"), 1)
    assert "of another shape" in message


class Hostile:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.trace),)


def test_a_pickle_that_would_run_code_is_refused_unrun(run_copy: FinishedRun) -> None:
    weights, trace = run_copy.config.parent / "hostile.pt", run_copy.config.parent / "trace"
    torch.save({"state_dict": Hostile(trace)}, weights)
    message = refusal(run_with(run_copy, weights), 1)
    assert str(weights) in message
    assert "safetensors" in message
    assert not trace.exists()


@pytest.mark.parametrize("name", ["broken.safetensors", "broken.pt"])
def test_a_file_that_is_no_model_is_refused(run_copy: FinishedRun, name: str) -> None:
    weights = run_copy.config.parent / name
    weights.write_bytes(b"\x00" * 100)
    assert str(weights) in refusal(run_with(run_copy, weights), 1)
