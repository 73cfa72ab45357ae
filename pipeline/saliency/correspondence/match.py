"""One match from both sides: maps of both images, and the regions that go together, from the effects of their cells."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.saliency.correspondence.components import MatchComponents, match_components
from pipeline.saliency.correspondence.interaction import interaction, joint_maps, one_sided_map


@dataclass(frozen=True)
class ExplainedMatch:
    """What is found of one pair; all float64, maps over cells, row by row of the grid.

    Attributes:
        query: (query cell,) RISE's map of the query, the reference as it is.
        reference: (reference cell,) likewise of the reference.
        query_joint: (query cell,) at least 0, see joint_maps.
        reference_joint: (reference cell,) likewise.
        joint_uv: (query cell, reference cell) joint effects.
        components: the pairs of regions.
        query_vectors_kd: (component, D) what each region adds to the query's embedding.
        reference_vectors_kd: (component, D) likewise of the reference.
    """

    query: npt.NDArray[np.float64]
    reference: npt.NDArray[np.float64]
    query_joint: npt.NDArray[np.float64]
    reference_joint: npt.NDArray[np.float64]
    joint_uv: npt.NDArray[np.float64]
    components: MatchComponents
    query_vectors_kd: npt.NDArray[np.float64]
    reference_vectors_kd: npt.NDArray[np.float64]


def explain_match(
    query_ud: npt.NDArray[np.floating],
    reference_vd: npt.NDArray[np.floating],
    embeddings_2d: npt.NDArray[np.floating],
    most: int,
    method: str,
) -> ExplainedMatch:
    """Return what the cells of both images say of their match.

    Args:
        query_ud: effects of the query's cells, see CellEffects; under the pair's condition where there is one.
        reference_vd: of the reference's cells, likewise.
        embeddings_2d: unit-norm embeddings of query and reference, likewise.
        most: components at most.
        method: how they are found, see match_components.
    """
    joint_uv = interaction(query_ud, reference_vd)
    found = match_components(joint_uv, most, method)
    return ExplainedMatch(
        one_sided_map(query_ud, embeddings_2d[1]),
        one_sided_map(reference_vd, embeddings_2d[0]),
        *joint_maps(joint_uv),
        joint_uv,
        found,
        found.query_ku @ query_ud.astype(np.float64),
        found.reference_kv @ reference_vd.astype(np.float64),
    )
