"""The job of the stage `numbers`: raises each item's number to a power."""

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from stores.parts import ArraysPart
from toy_jobs.orders import begin


def run(inputs: JobInputs) -> JobResult:
    """Return the powers of a shard's numbers, and which item each belongs to."""
    begin(inputs)
    items = inputs.work["items"]
    powers = np.array([number ** inputs.settings["power"] for _, number in items], np.int64)
    return JobResult(
        {
            "powers": ArraysPart({"powers": powers}, {"powers": ("item",)}),
            "items": inputs.table("toy_items", [{"item": item} for item, _ in items]),
        },
        {"items": len(items)},
    )
