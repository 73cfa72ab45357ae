"""Where the parts of the dataset's photographs lie, as its release says."""

from dataclasses import asdict
from pathlib import Path

from flows.engine.shard_task import JobInputs, JobResult
from pipeline.datasets.catalogue import DATASETS


def run(inputs: JobInputs) -> JobResult:
    """Return the table `part_locations`; empty where the release's files are not there.

    Raises:
        BadDataset: a list is malformed, or names an image or a part that is not there.
    """
    declared = DATASETS[inputs.settings["kind"]].parts
    assert declared is not None
    root = inputs.work["root"]
    rows = [] if root is None else [asdict(location) for location in declared.read(Path(root))]
    return JobResult({"part_locations": inputs.table("part_locations", rows)}, {"parts": len(rows)})
