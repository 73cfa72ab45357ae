"""Which training images form a step, in an order keyed by seed and epoch, and how they become tensors."""

from collections.abc import Iterator

import numpy as np
import torch
from pytorch_metric_learning import samplers
from pytorch_metric_learning.utils import common_functions

from pipeline.images import normalise_pixels
from pipeline.randomness import derive_seed, keyed_rng
from pipeline.similarity.training.data import SimilarityTrainingSpec
from pipeline.similarity.training.epoch_length import images_of_a_class, whole_turns


def epoch_batches(spec: SimilarityTrainingSpec, classes_n: np.ndarray, epoch: int) -> Iterator[np.ndarray]:
    """Yield int64 positions of training images, a step each; all depend on seed and epoch alone.

    "triplet": every class in turn with `images_per_class` images, drawn with pytorch-metric-learning;
    "regression": every image once. A last step of fewer than 8 images is left out.
    """
    if spec.objective == "regression":
        order = keyed_rng(spec.seed, "batches", epoch).permutation(len(classes_n))
    else:
        order = _order_by_class(spec, classes_n, epoch)
    for start in range(0, len(order), spec.batch_size):
        batch = order[start : start + spec.batch_size]
        # Batch norm and pairs both need company.
        if len(batch) >= min(8, len(order)):
            yield batch


def _order_by_class(spec: SimilarityTrainingSpec, classes_n: np.ndarray, epoch: int) -> np.ndarray:
    n_classes = len(np.unique(classes_n))
    per_class = images_of_a_class(spec.batch_size, spec.images_per_class)
    # The sampler wants whole batches: one list of every class in turn, as long as the training set.
    length = whole_turns(len(classes_n), n_classes, per_class)
    sampler = samplers.MPerClassSampler(classes_n, m=per_class, length_before_new_iter=length)
    generator = common_functions.NUMPY_RANDOM
    try:
        # The library draws from a module-level generator: lend it ours, then put its own back.
        common_functions.NUMPY_RANDOM = np.random.RandomState(  # noqa: NPY002
            derive_seed(spec.seed, "batches", epoch) % 2**32
        )
        return np.fromiter(iter(sampler), dtype=np.int64)
    finally:
        common_functions.NUMPY_RANDOM = generator


def mirrored_images(pixels_nhwc: np.ndarray, mirror_n: np.ndarray, device: str) -> torch.Tensor:
    """Return normalised float32 (image, rgb, y, x), those of `mirror_n` (bool per image) mirrored left to right."""
    mirrored = np.where(mirror_n[:, None, None, None], pixels_nhwc[:, :, ::-1], pixels_nhwc)
    return normalise_pixels(mirrored, device)
