"""Do the maps of a group of planted queries find the pixels that the truly best attribute changes?"""

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from pipeline.datasets.planted.edits import changed_region
from pipeline.datasets.planted.spec import planted_spec
from pipeline.evaluation.audit.localisation import localisation_measures


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
                **localisation_measures(maps_nyx[pair["row"]].astype(np.float32), regions[asked]),
            }
        )
    counts = {"images": len({pair["query"] for pair in pairs}), "pairs": len(rows)}
    return JobResult({"map_localisation": inputs.table("map_localisation", rows)}, counts)
