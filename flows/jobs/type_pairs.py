"""The pairs of item types as an artifact: what a type-aware model has a mask for."""

from flows.engine.shard_task import JobInputs, JobResult
from pipeline.datasets.outfits import condition_name


def run(inputs: JobInputs) -> JobResult:
    """Return the rows of `type_pairs` in their order."""
    rows = [
        {
            "position": position,
            "condition": condition_name(first, second),
            "first_type": first,
            "second_type": second,
        }
        for position, (first, second) in enumerate(inputs.work["pairs"])
    ]
    return JobResult({"type_pairs": inputs.table("type_pairs", rows)}, {"pairs": len(rows)})
