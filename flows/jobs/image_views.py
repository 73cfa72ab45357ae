"""By which camera each test image was taken, and which are looked for, as an artifact."""

from flows.engine.shard_task import JobInputs, JobResult


def run(inputs: JobInputs) -> JobResult:
    """Return the rows of `image_views`."""
    rows = inputs.work["rows"]
    counts = {"queries": sum(row["is_query"] for row in rows), "gallery": sum(not row["is_query"] for row in rows)}
    return JobResult({"image_views": inputs.table("image_views", rows)}, counts)
