"""The attribute vocabulary as an artifact, with a warning of attributes that cannot be told apart."""

import logging

from flows.engine.shard_task import JobInputs, JobResult
from pipeline.datasets.attribute_notes import AttributeNote, joined_by_commas, summary_of_notes

LOG = logging.getLogger("sane")


def run(inputs: JobInputs) -> JobResult:
    """Return the names and groups of the attributes, in order, and notes on those that training cannot tell apart."""
    rows = [
        {"position": position, "attribute": name, "group": group}
        for position, (name, group) in enumerate(zip(inputs.work["names"], inputs.work["groups"], strict=True))
    ]
    notes = [AttributeNote(*note) for note in inputs.work["notes"]]
    if notes:
        LOG.warning("of %d attributes %s: table attribute_notes", len(rows), summary_of_notes(notes))
    joined = joined_by_commas(inputs.work["names"])
    if joined is not None:
        LOG.warning(
            "most of the %d attributes hold commas, such as %r; names are separated by semicolons", len(rows), joined
        )
    noted = [{"attribute": note.attribute, "note": note.note, "same_as": note.same_as} for note in notes]
    parts = {
        "vocabulary": inputs.table("attribute_vocabulary", rows),
        "notes": inputs.table("attribute_notes", noted),
    }
    return JobResult(parts, {"attributes": len(rows), "attribute_notes": len(notes)})
