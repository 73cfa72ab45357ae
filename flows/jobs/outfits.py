"""The outfits of one split as an artifact."""

from flows.engine.shard_task import JobInputs, JobResult


def run(inputs: JobInputs) -> JobResult:
    """Return the rows of `outfits`: an outfit each, with the ids of its items in the release's order."""
    rows = inputs.work["rows"]
    counts = {"outfits": len(rows), "items": sum(len(row["items"]) for row in rows)}
    return JobResult({"outfits": inputs.table("outfits", rows)}, counts)
