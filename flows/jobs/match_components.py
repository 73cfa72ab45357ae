"""Which attribute each component of each match follows, and whether it is more than unrelated images give."""

from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.component_names import ComponentNamer
from flows.readers.conditions import stage_masks
from flows.readers.pair_frame import PairFrame, read_pair_frame
from pipeline.saliency.correspondence.naming import ComponentName
from pipeline.saliency.correspondence.regions import centre_of_mass
from pipeline.saliency.correspondence.significance import p_values_of_components

STAGE = "correspondences.test"
SIGNED = "singular"


def run(inputs: JobInputs) -> JobResult:
    """Return the table `match_components`."""
    upstream, is_signed = inputs.upstream, inputs.settings["split_by"] == SIGNED
    rows = upstream.rows(STAGE, "correspondence_rows")
    arrays = {
        name: upstream.arrays(STAGE, "components", name)
        for name in ("query_regions", "reference_regions", "query_vectors", "reference_vectors", "joint", "share")
    }
    unrelated = np.array([row["unrelated_joint"] for row in rows if row["unrelated_joint"] is not None])
    names = _Names(inputs)
    table = []
    for number, row in enumerate(rows):
        of_pair = {name: values[number] for name, values in arrays.items()}
        count = int(np.isfinite(of_pair["joint"]).sum())
        p_k = p_values_of_components(of_pair["joint"][:count], unrelated) if len(unrelated) else None
        found = names.of(row["pair_id"], of_pair["query_vectors"][:count], of_pair["reference_vectors"][:count])
        table += [
            {
                "pair_id": row["pair_id"],
                "component": k + 1,
                "joint": float(of_pair["joint"][k]),
                "share": float(of_pair["share"][k]),
                "p_value": None if p_k is None else float(p_k[k]),
                **names.columns(found[k]),
                **_centres(of_pair["query_regions"][k], of_pair["reference_regions"][k]),
                "is_signed": is_signed,
            }
            for k in range(count)
        ]
    return JobResult({"match_components": inputs.table("match_components", table)}, {"components": len(table)})


class _Names:
    """Names components of test pairs, given training embeddings and the labels of both images."""

    def __init__(self, inputs: JobInputs) -> None:
        upstream = inputs.upstream
        self._namer = ComponentNamer(upstream, int(inputs.settings["seed"]), stage_masks(inputs))
        self._frame: PairFrame = read_pair_frame(upstream, "test")
        self._row = {pair_id: number for number, pair_id in enumerate(self._frame.pair_ids)}
        self._types: list[str] = upstream.table("images", "images", "test")["label"].to_pylist()

    def of(self, pair_id: str, query_kd: np.ndarray, reference_kd: np.ndarray) -> list[ComponentName]:
        """Return what each component of a pair is about."""
        frame, number = self._frame, self._row[pair_id]
        images = frame.query_p[number], frame.reference_p[number]
        types = self._types[images[0]], self._types[images[1]]
        return self._namer.of((query_kd, reference_kd), frame.labels_na[list(images)], types, frame.conditions[number])

    def columns(self, name: ComponentName) -> dict[str, Any]:
        """Return the columns that say it."""
        attribute = None if name.attribute is None else self._frame.attribute_names[name.attribute]
        return {
            "attribute": attribute if name.is_named else None,
            "attribute_share": None if attribute is None else name.share,
            "leading_attribute": attribute,
        }


def _centres(query_yx: np.ndarray, reference_yx: np.ndarray) -> dict[str, float]:
    """Return the centres of mass of both regions as shares of the image's height and width."""
    found = {}
    for side, region_yx in (("query", query_yx), ("reference", reference_yx)):
        found[f"{side}_y"], found[f"{side}_x"] = centre_of_mass(region_yx)
    return found
