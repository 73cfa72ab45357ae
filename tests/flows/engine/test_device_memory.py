"""Out of memory on the device costs half the batch, never the run, and is learnt once a process."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from flows.engine.device_memory import BatchLimits, run_within_memory
from flows.engine.errors import BadRequest
from flows.engine.shard_task import Device, JobResult, ShardTask


def task(batch_size: int, job: str = "embeddings") -> ShardTask:
    return ShardTask("store", job, job, "0" * 64, "test/000", {}, {}, {}, {}, Device("cpu", batch_size, 1))


class FullDevice:
    """A job that fits with at most so many images at a time."""

    def __init__(self, fits: int) -> None:
        self.fits = fits
        self.tried: list[int] = []

    def __call__(self, sized: ShardTask) -> JobResult:
        self.tried.append(sized.device.batch_size)
        if sized.device.batch_size > self.fits:
            raise torch.OutOfMemoryError("out of memory")
        return JobResult({}, {"batch": sized.device.batch_size})


@pytest.fixture
def limits() -> BatchLimits:
    return BatchLimits()


def test_the_batch_is_halved_until_it_fits_and_the_next_shard_begins_there(limits: BatchLimits) -> None:
    job = FullDevice(fits=30)
    result, done = run_within_memory(task(100), job, limits)
    assert job.tried == [100, 50, 25]
    assert (result.counts["batch"], done.device.batch_size) == (25, 25)
    _, done = run_within_memory(task(100), job, limits)
    assert job.tried == [100, 50, 25, 25]
    assert done.device.batch_size == 25


def test_other_jobs_and_smaller_wishes_are_not_touched_by_what_was_learnt(limits: BatchLimits) -> None:
    run_within_memory(task(100), FullDevice(fits=30), limits)
    assert run_within_memory(task(100, "saliency_maps"), FullDevice(fits=100), limits)[1].device.batch_size == 100
    assert run_within_memory(task(10), FullDevice(fits=100), limits)[1].device.batch_size == 10


def test_where_one_image_is_too_much_the_message_says_so(limits: BatchLimits) -> None:
    job = FullDevice(fits=0)
    with pytest.raises(BadRequest, match="one image at a time") as refused:
        run_within_memory(task(4), job, limits)
    assert job.tried == [4, 2, 1]
    assert refused.value.where == "embeddings test/000"


def test_the_batch_of_a_training_is_part_of_its_result_and_stays(limits: BatchLimits) -> None:
    job = FullDevice(fits=10)
    training = replace(task(100, "training"), batch_setting="attribute_model.batch_size")
    with pytest.raises(BadRequest, match="lower attribute_model.batch_size"):
        run_within_memory(training, job, limits)
    assert job.tried == [100]


@pytest.mark.parametrize("error", [RuntimeError("other"), MemoryError()])
def test_other_errors_pass(limits: BatchLimits, error: Exception) -> None:
    def broken(_: ShardTask) -> JobResult:
        raise error

    failing: Callable[[ShardTask], JobResult] = broken
    with pytest.raises(type(error)):
        run_within_memory(task(100), failing, limits)


def test_a_commit_says_which_batch_made_it(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    from flows.engine import execute as execution

    monkeypatch.setattr(execution, "job_body", lambda name: lambda inputs: FullDevice(30)(inputs.task))
    monkeypatch.setattr(execution, "process_limits", BatchLimits)
    asked = task(100)
    commit = execution.execute_shard(ShardTask(**{**vars(asked), "store_root": str(tmp_path)}))
    assert commit.provenance["batch_size"] == 25
    assert commit.counts == {"batch": 25}
