"""Do the maps of a group of queries find the parts that the attribute which answers is of?"""

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.saliency_maps import maps_of_shard
from pipeline.evaluation.audit.localisation import localisation_measures
from pipeline.evaluation.audit.part_regions import part_region


def run(inputs: JobInputs) -> JobResult:
    """Return a row of `part_localisation` per pair; both measures are null where no part can be seen."""
    settings, pairs = inputs.settings, inputs.work["pairs"]
    commit = inputs.upstream.commit_of(settings["maps"], inputs.work["maps_shard"])
    maps = maps_of_shard(inputs.upstream, commit, {pair["pair_id"] for pair in pairs})
    rows = []
    for pair in pairs:
        map_yx = maps[pair["pair_id"]].astype(np.float32)
        rows.append(
            {
                "pair_id": pair["pair_id"],
                "generator": settings["generator"],
                "mode": settings["mode"],
                "attribute": pair["attribute"],
                **localisation_measures(map_yx, part_region(pair["points"], len(map_yx))),
            }
        )
    return JobResult({"part_localisation": inputs.table("part_localisation", rows)}, {"pairs": len(rows)})
