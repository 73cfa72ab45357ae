"""The real measurements on this device: of whatever speed, they end in a whole run that is not measured again."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from flows.auto_compute.measure import pass_seconds, within_memory
from flows.engine.shard_task import Device
from pipeline.similarity.graph_capture import CapturedForward, CapturedPass, Forward
from pipeline.similarity.scorer import SimilarityScorer
from tests.end_to_end.test_second_run import run_commands
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun, as_options, invoke
from tests.flows.user_model_config import histogram_run

AUTO = ("compute.precision=auto", "compute.batch_size=auto")


class Crowded(nn.Module):
    """Embeds at most so many images at a time."""

    def __init__(self, fits: int) -> None:
        super().__init__()
        self.fits = fits

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        if len(images_nchw) > self.fits:
            raise torch.OutOfMemoryError("out of memory")
        return images_nchw.mean(dim=(2, 3)) + 3


def test_a_batch_that_does_not_fit_has_no_seconds() -> None:
    seconds_of = pass_seconds(SimilarityScorer(Crowded(fits=16)), 16, Device("cpu", 100, 1))
    assert (seconds_of(16) or 0) > 0
    assert seconds_of(32) is None


def test_a_pass_that_is_recorded_is_recorded_before_it_is_timed() -> None:
    captures: list[int] = []

    def capture(forward: Forward, images_nchw: torch.Tensor) -> CapturedPass:
        captures.append(len(images_nchw))
        static = images_nchw.clone()
        output = forward(static)
        return CapturedPass(static, output, lambda: None)

    class Counted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.passes = 0

        def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
            self.passes += 1
            return images_nchw.mean(dim=(2, 3)) + 3

    network = Counted()
    seconds_of = pass_seconds(
        SimilarityScorer(network), 16, Device("cpu", 100, 1), lambda forward: CapturedForward(forward, capture)
    )
    assert (seconds_of(8) or 0) > 0
    # Once as it is, once to be recorded; what is timed is replayed.
    assert (captures, network.passes) == ([8], 2)
    assert (seconds_of(8) or 0) > 0
    assert captures == [8, 8]


def test_memory_that_ends_while_a_pass_is_recorded_is_memory() -> None:
    def fail() -> float:
        try:
            raise torch.OutOfMemoryError("out of memory")
        finally:
            raise RuntimeError("capture was invalidated")

    assert within_memory(fail) is None


def test_other_errors_are_not_taken_for_a_full_memory() -> None:
    def fail() -> float:
        raise RuntimeError("shapes do not match")

    def allocate() -> float:
        raise RuntimeError("CUBLAS_STATUS_ALLOC_FAILED")

    assert within_memory(allocate) is None
    with pytest.raises(RuntimeError, match="shapes"):
        within_memory(fail)


@pytest.mark.slow
def test_a_whole_run_decides_once_and_then_does_nothing(tmp_path: Path) -> None:
    run = FinishedRun(write_config(tmp_path))
    first = invoke("run", run.config, *as_options(AUTO))
    assert first.exit_code == 0, first.output
    kept = {file.name: json.loads(file.read_text())["decision"] for file in (run.store / "calibration").iterdir()}
    (decision,) = (value for name, value in kept.items() if name.startswith("precision-"))
    batches = [value for name, value in kept.items() if name.startswith("batch-")]
    assert len(batches) == 2
    assert all(str(batch["batch_size"]) in batch["images_per_second"] for batch in batches)
    assert f"'auto' is {decision['precision']}: {decision['reason']}" in first.stdout
    stated = (f"compute.precision={decision['precision']}",)
    assert {row["state"] for row in run.status(*stated).values()} == {"current"}
    text, modules, _ = run_commands(["run", str(run.config), *as_options(AUTO)])
    assert f"nothing to do, all {run.stage_count} stages are current" in text
    assert "this device, once" not in text
    assert "torch" not in modules


@pytest.mark.slow
def test_a_black_box_is_decided_on_alike(tmp_path: Path) -> None:
    run = histogram_run(tmp_path / "run")
    result = invoke("run", run.config, "--until", "embeddings", *as_options(AUTO))
    assert result.exit_code == 0, result.output
    assert "compute.precision = 'auto' is" in result.stdout
    assert "compute.batch_size = 'auto' is" in result.stdout
    assert run.status(*AUTO)["embeddings"]["state"] == "current"
