"""The attribute vocabulary as an artifact."""

from flows.shards import JobInputs, JobResult
from stores.parts import TablePart
from stores.tables import table_from_rows


def run(inputs: JobInputs) -> JobResult:
    """Return the names and groups of the attributes, in order."""
    rows = [
        {"position": position, "attribute": name, "group": group}
        for position, (name, group) in enumerate(zip(inputs.work["names"], inputs.work["groups"], strict=True))
    ]
    table = table_from_rows("attribute_vocabulary", rows)
    return JobResult({"vocabulary": TablePart("attribute_vocabulary", table)}, {"attributes": len(rows)})
