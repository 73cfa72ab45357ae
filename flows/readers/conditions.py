"""The masks of a type-aware model, read by every job that scores pairs."""

from collections.abc import Mapping, Sequence

import numpy as np

from flows.engine.shard_task import JobInputs
from flows.engine.upstream import Upstream
from flows.readers.image_lookup import EmbeddingLookup
from pipeline.similarity.conditions import ConditionMasks, project

STAGE = "similarity_model"


def read_condition_masks(upstream: Upstream) -> ConditionMasks | None:
    """Return the explained model's masks, None where it has no conditions or the stage does not read the model."""
    if STAGE not in upstream.manifests:
        return None
    if any("condition_masks" not in commit.parts for commit in upstream.commits(STAGE)):
        return None
    names: list[str] = upstream.table(STAGE, "conditions")["condition"].to_pylist()
    return ConditionMasks(tuple(names), upstream.arrays(STAGE, "condition_masks", "masks"))


def stage_masks(inputs: JobInputs) -> ConditionMasks | None:
    """Return the masks that a stage scores its pairs with; None where its setting says that there are none."""
    return read_condition_masks(inputs.upstream) if inputs.settings.get("has_conditions") else None


def read_references(
    embeddings: EmbeddingLookup, pairs: Sequence[Mapping[str, str]], masks: ConditionMasks | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the unit-norm embeddings of the pairs' references, and the mask of each pair's condition.

    Both are float32 (pair, D). With masks the references are projected; without, there is no second array.
    """
    references_kd = embeddings.of([pair["reference"] for pair in pairs])
    if masks is None:
        return references_kd, None
    masks_kd = masks.of([pair["condition"] for pair in pairs])
    return project(references_kd, masks_kd), masks_kd
