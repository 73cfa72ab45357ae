"""Do the maps of a group of planted queries find the pixels that the truly best attribute changes?"""

import math
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from pipeline.datasets.planted.edits import changed_region
from pipeline.datasets.planted.spec import planted_spec
from pipeline.evaluation.audit.localisation import map_auroc, pointing_hit, scored_regions


def run(inputs: JobInputs) -> JobResult:
    """Return a row of `map_localisation` per pair; both measures are null where the region is not scored."""
    settings, pairs = inputs.settings, inputs.work["pairs"]
    spec = planted_spec(settings["dataset"])
    commit = inputs.upstream.commit_of(settings["maps"], inputs.work["maps_shard"])
    maps_qkyx = inputs.upstream.store.read_part_arrays(commit, "maps", ["maps"])["maps"]
    maps_nyx = maps_qkyx.reshape(-1, *maps_qkyx.shape[2:])
    # A query's pairs mostly share their best attribute, and its region does not depend on the reference.
    regions: dict[tuple[str, str], np.ndarray] = {}
    rows = []
    for pair in pairs:
        asked = (pair["query"], pair["attribute"])
        if asked not in regions:
            regions[asked] = changed_region(spec, *asked)
        rows.append(
            {
                "pair_id": pair["pair_id"],
                "generator": settings["generator"],
                "mode": settings["mode"],
                "attribute": pair["attribute"],
                **_measures(maps_nyx[pair["row"]].astype(np.float32), regions[asked]),
            }
        )
    counts = {"images": len({pair["query"] for pair in pairs}), "pairs": len(rows)}
    return JobResult({"map_localisation": inputs.table("map_localisation", rows)}, counts)


def _measures(map_hw: np.ndarray, region_hw: np.ndarray) -> dict[str, Any]:
    share = float(region_hw.mean())
    if not scored_regions(np.array([share]))[0]:
        return {"auroc": None, "pointing_hit": None, "region_share": share}
    auroc, hit = map_auroc(map_hw, region_hw), pointing_hit(map_hw, region_hw)
    return {
        "auroc": None if math.isnan(auroc) else auroc,
        "pointing_hit": None if math.isnan(hit) else hit,
        "region_share": share,
    }
