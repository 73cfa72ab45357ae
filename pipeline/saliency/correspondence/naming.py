"""Which attribute a component of a match is about: the one whose direction its part of the score follows.

A component's regions add a_k = sum_u region(u) E_u to the query's embedding and b_k to the reference's, and a_k . b_k
to the score. Along an attribute's direction B_a, unit norm, it is (a_k . B_a) (b_k . B_a). The attribute with the
largest share of a_k . b_k names the component, if the share exceeds what the best of as many random directions
reaches in 95 of 100 draws; else no attribute does.

Source: this project's own; directions as in the embedding effect.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RANDOM_DIRECTIONS = 2000
LEVEL = 0.95
SMALLEST_PRODUCT = 1e-12


@dataclass(frozen=True)
class ComponentName:
    """What a component is about.

    Attributes:
        attribute: position of the attribute with the largest share; None where there is no candidate.
        share: of the component's part of the score that lies along it; NaN without a candidate.
        needed_share: that the best of as many random directions reaches in 95 of 100 draws.
    """

    attribute: int | None
    share: float
    needed_share: float

    @property
    def is_named(self) -> bool:
        """Whether the attribute's share exceeds what chance reaches."""
        return self.attribute is not None and self.share > self.needed_share


def random_directions(embeddings_nd: npt.NDArray[np.floating], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return float64 (direction, D), unit norm: as an attribute's would be that random training images had.

    Their covariance is that of the embeddings, so that directions in which embeddings vary most are drawn most.

    Args:
        embeddings_nd: (image, D) of training images.
        rng: draws them.
    """
    centred_nd = embeddings_nd.astype(np.float64) - embeddings_nd.mean(axis=0, dtype=np.float64)
    return unit_rows(rng.standard_normal((RANDOM_DIRECTIONS, len(centred_nd))) @ centred_nd)


def component_names(
    query_kd: npt.NDArray[np.floating],
    reference_kd: npt.NDArray[np.floating],
    directions: tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]],
    candidates: Sequence[int],
    chance_cd: npt.NDArray[np.floating],
) -> list[ComponentName]:
    """Return what each component of a pair is about.

    Args:
        query_kd: (component, D) what its region adds to the query's embedding.
        reference_kd: the same of the reference.
        directions: (attribute, D) of having each attribute, for images like the query and like the reference.
        candidates: positions of the attributes that may name it, such as those that both images have.
        chance_cd: (direction, D), see random_directions.
    """
    names = []
    towards_query, towards_reference = unit_rows(directions[0]), unit_rows(directions[1])
    for query_d, reference_d in zip(query_kd.astype(np.float64), reference_kd.astype(np.float64), strict=True):
        part = float(query_d @ reference_d)
        if not candidates or part < SMALLEST_PRODUCT:
            names.append(ComponentName(None, float("nan"), float("nan")))
            continue
        share_a = (towards_query @ query_d) * (towards_reference @ reference_d) / part
        best = max(candidates, key=lambda attribute: share_a[attribute])
        chance_c = (chance_cd @ query_d) * (chance_cd @ reference_d) / part
        needed = float(np.quantile(chance_c, LEVEL ** (1 / len(candidates))))
        names.append(ComponentName(int(best), float(share_a[best]), needed))
    return names


def unit_rows(rows_nd: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return float64 rows of unit norm; a row of zeros stays."""
    rows_nd = rows_nd.astype(np.float64)
    norms_n1 = np.linalg.norm(rows_nd, axis=1, keepdims=True)
    unit_nd: npt.NDArray[np.float64] = rows_nd / np.where(norms_n1 > 0, norms_n1, 1)
    return unit_nd
