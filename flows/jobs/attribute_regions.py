"""The region of every attribute of a group of planted queries."""

from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from pipeline.datasets.planted.edits import changed_region, measuring_edits
from pipeline.datasets.planted.items import sample_item
from pipeline.datasets.planted.spec import planted_spec
from stores.parts import ArraysPart, Part


def run(inputs: JobInputs) -> JobResult:
    """Return `regions`, bool (row, y, x), and a row for each query and attribute that it has."""
    spec = planted_spec(inputs.settings["dataset"])
    rows: list[dict[str, Any]] = []
    regions, rendered = [], 0
    for query in inputs.work["queries"]:
        item = sample_item(spec, query)
        for attribute, _, edits in measuring_edits(item, item.attributes):
            region_hw = changed_region(spec, query, attribute)
            rendered += 1 + len(edits)
            known = {"query": query, "attribute": attribute, "row": len(rows)}
            rows.append({**known, "region_share": float(region_hw.mean())})
            regions.append(region_hw)
    parts: dict[str, Part] = {
        "regions": ArraysPart({"regions": np.stack(regions)}, {"regions": ("row", "y", "x")}),
        "attribute_region_rows": inputs.table("attribute_region_rows", rows),
    }
    return JobResult(parts, {"images": rendered})
