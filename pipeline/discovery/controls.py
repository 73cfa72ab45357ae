"""What discovery is compared with: clusters drawn at random, and clusters of whole images. Must not import torch."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.randomness import keyed_rng


def random_clusters(image_ids: Sequence[str], clusters: int, seed: int) -> npt.NDArray[np.int64]:
    """Return int64 (image,) a cluster for each image, drawn by its id and the seed alone.

    Source: v1 C and ECCV 4, the random row of their tables.
    """
    draws = [int(keyed_rng(seed, image_id, "random cluster").integers(clusters)) for image_id in image_ids]
    return np.array(draws, dtype=np.int64)
