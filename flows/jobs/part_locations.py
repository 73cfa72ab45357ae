"""Where the parts of the dataset's photographs lie, as its release says."""

from dataclasses import asdict
from pathlib import Path

from flows.engine.shard_task import JobInputs, JobResult
from pipeline.datasets.catalogue import located_parts


def run(inputs: JobInputs) -> JobResult:
    """Return the table `part_locations`; empty where the release's files are not there.

    Raises:
        BadDataset: a list is malformed, or names an image or a part that is not there.
    """
    read = located_parts(inputs.settings["kind"]).read
    root = inputs.work["root"]
    rows = [] if root is None else [asdict(location) for location in read(Path(root))]
    return JobResult({"part_locations": inputs.table("part_locations", rows)}, {"parts": len(rows)})
