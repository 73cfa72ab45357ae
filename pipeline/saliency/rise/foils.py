"""Maps of a match against foils: why this reference rather than other images that the model finds alike."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.errors import BadSetting
from pipeline.saliency.contract import SaliencyGenerator, SaliencyMaps, SaliencyRequest, required


def against_foils(generator: SaliencyGenerator, foils: int) -> SaliencyGenerator:
    """Return a generator of the maps of s(q, r) - mean s(q, foils), by one whose maps are linear in the scores.

    The score of a perturbed query is the dot product of its unit embedding, under the pair's condition if there is
    one, with a reference's. So the difference is the score against one vector, r - mean foil, and takes the passes
    that the match alone takes.

    Args:
        generator: of maps that are linear in scores, without manipulated references, such as RISE in mode fixed.
        foils: how many; of a request's negatives the first ones, which are the nearest.

    Raises:
        BadSetting: by the generator itself, for a request with fewer negatives.

    Source: this project's own, see contrastive explanations (why p rather than q) in Miller, 2019.
    """

    def generate(requests: Sequence[SaliencyRequest]) -> list[SaliencyMaps]:
        return generator([_contrasted(request, foils) for request in requests])

    return generate


def _contrasted(request: SaliencyRequest, foils: int) -> SaliencyRequest:
    negatives_kmd = required(request.negative_embeddings_kmd, "negative_embeddings_kmd", "rise, mode foil")
    if negatives_kmd.shape[1] < foils:
        raise BadSetting(
            expected=f"{foils} negatives for each reference",
            found=str(negatives_kmd.shape[1]),
            where=f"saliency generator rise, mode foil, query {request.query_id}",
            remedy="give each SaliencyRequest as many as saliency.rise.foils",
        )
    mean_foils_kd = negatives_kmd[:, :foils].astype(np.float64).mean(axis=1)
    directions_kd = request.reference_embeddings_kd.astype(np.float64) - mean_foils_kd
    return replace(request, reference_embeddings_kd=directions_kd.astype(np.float32))
