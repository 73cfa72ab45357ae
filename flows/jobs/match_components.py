"""Which attribute each component of each match follows, and whether it is more than unrelated images give."""

from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.conditions import stage_masks
from flows.readers.labelled_embeddings import read_labelled_embeddings
from flows.readers.pair_frame import PairFrame, read_pair_frame
from pipeline.explanation.conditional_directions import fit_conditional_directions
from pipeline.explanation.embedding_effect import removal_shifts
from pipeline.randomness import keyed_rng
from pipeline.saliency.correspondence.naming import ComponentName, component_names, random_directions
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
    """Names components by attributes, given training embeddings and the labels of both images."""

    def __init__(self, inputs: JobInputs) -> None:
        upstream = inputs.upstream
        train = read_labelled_embeddings(upstream, "train")
        self._fitted = fit_conditional_directions(train.embeddings_nd, train.labels_na, train.types_n)
        self._frame: PairFrame = read_pair_frame(upstream, "test")
        self._row = {pair_id: number for number, pair_id in enumerate(self._frame.pair_ids)}
        self._types: list[str] = upstream.table("images", "images", "test")["label"].to_pylist()
        self._masks = stage_masks(inputs)
        rng = keyed_rng(int(inputs.settings["seed"]), "directions that name components")
        self._chance_cd = random_directions(train.embeddings_nd, rng)
        self._directions: dict[str, np.ndarray] = {}

    def of(self, pair_id: str, query_kd: np.ndarray, reference_kd: np.ndarray) -> list[ComponentName]:
        """Return what each component of a pair is about."""
        frame, number = self._frame, self._row[pair_id]
        images = frame.query_p[number], frame.reference_p[number]
        has_2a = frame.labels_na[list(images)]
        # An image without labels denies none.
        in_both_a = (has_2a | ~has_2a.any(axis=1, keepdims=True)).all(axis=0)
        towards = self._towards(images[0]), self._towards(images[1])
        chance_cd = self._chance_cd
        if self._masks is not None:
            # Directions lie in the general embedding; a condition weighs its dimensions.
            mask_d = self._masks.of([frame.conditions[number]])[0]
            towards, chance_cd = (towards[0] * mask_d, towards[1] * mask_d), chance_cd * mask_d
        return component_names(query_kd, reference_kd, towards, np.flatnonzero(in_both_a).tolist(), chance_cd)

    def columns(self, name: ComponentName) -> dict[str, Any]:
        """Return the columns that say it."""
        attribute = None if name.attribute is None else self._frame.attribute_names[name.attribute]
        return {
            "attribute": attribute if name.is_named else None,
            "attribute_share": None if attribute is None else name.share,
            "leading_attribute": attribute,
        }

    def _towards(self, image: int) -> np.ndarray:
        """Return (attribute, D) of having each attribute, for images of this one's type."""
        label = self._types[image]
        if label not in self._directions:
            self._directions[label] = -removal_shifts(
                self._fitted.of(label).directions_ad, self._frame.attribute_groups
            )
        return self._directions[label]


def _centres(query_yx: np.ndarray, reference_yx: np.ndarray) -> dict[str, float]:
    """Return the centres of mass of both regions as shares of the image's height and width."""
    found = {}
    for side, region_yx in (("query", query_yx), ("reference", reference_yx)):
        weights = np.maximum(region_yx.astype(np.float64), 0)
        total = weights.sum() or 1.0
        middles = (np.arange(len(region_yx)) + 0.5) / len(region_yx)
        found[f"{side}_y"] = float(weights.sum(axis=1) @ middles / total)
        found[f"{side}_x"] = float(weights.sum(axis=0) @ middles / total)
    return found
