"""The images that the explained model finds most alike to each query, the first step of discovery.

Must not import torch. Cost: one product of the queries' block with all images, and a sort of each row.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Similarities closer than this count as tied: identical embeddings may differ in their last bits.
_TIE_DECIMALS = 10
_QUERIES_PER_BLOCK = 512


@dataclass(frozen=True)
class Neighbours:
    """The most similar images of each query, the most similar first.

    Attributes:
        image_qk: int64 (query, place) rows of the images; -1 where there are not so many.
        similarity_qk: float64 (query, place) cosines, -1 to 1; NaN where there is no image.
    """

    image_qk: npt.NDArray[np.int64]
    similarity_qk: npt.NDArray[np.float64]


def nearest_images(
    embeddings_nd: npt.NDArray[np.floating],
    query_q: npt.NDArray[np.integer],
    duplicate_group_n: npt.NDArray[np.integer],
    most: int,
) -> Neighbours:
    """Return the K images nearest to each query by the cosine of their embeddings; ties go to the earlier image.

    Args:
        embeddings_nd: (image, D) unit norm, in the order of the images' ids.
        query_q: (query,) rows of the queries.
        duplicate_group_n: (image,) images with identical pixels share a number.
        most: K.

    Source: v1 C and ECCV 4, step 1.
    Deliberate departure: neither the query nor an image with the same pixels is a neighbour; a match with itself has
    nothing to tell.
    """
    embeddings = np.asarray(embeddings_nd, dtype=np.float64)
    image_qk = np.full((len(query_q), most), -1, dtype=np.int64)
    similarity_qk = np.full((len(query_q), most), np.nan)
    for start in range(0, len(query_q), _QUERIES_PER_BLOCK):
        rows = query_q[start : start + _QUERIES_PER_BLOCK]
        scores_bn = np.round(embeddings[rows] @ embeddings.T, _TIE_DECIMALS)
        scores_bn[duplicate_group_n[rows][:, None] == duplicate_group_n[None, :]] = -np.inf
        order_bk = np.argsort(-scores_bn, axis=1, kind="stable")[:, :most]
        found_bk = np.take_along_axis(scores_bn, order_bk, axis=1)
        is_there_bk = np.isfinite(found_bk)
        width = order_bk.shape[1]
        image_qk[start : start + len(rows), :width] = np.where(is_there_bk, order_bk, -1)
        similarity_qk[start : start + len(rows), :width] = np.where(is_there_bk, found_bk, np.nan)
    return Neighbours(image_qk, similarity_qk)
