"""The job of the stage `sums`: adds up the results of all shards of `numbers`."""

from flows.engine.shard_task import JobInputs, JobResult
from toy_jobs.orders import begin


def run(inputs: JobInputs) -> JobResult:
    """Return one row with the sum and the number of items."""
    begin(inputs)
    powers = inputs.upstream.arrays("numbers", "powers", "powers")
    return JobResult({"sums": inputs.table("toy_sums", [{"total": int(powers.sum()), "items": len(powers)}])})
