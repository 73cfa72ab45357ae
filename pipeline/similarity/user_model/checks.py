"""Checks of a user's similarity model on a handful of images, before hours are spent on it."""

import time
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from pipeline.errors import BadModel
from pipeline.images import IMAGENET_MEAN_RGB, normalise_pixels
from pipeline.similarity.scorer import SimilarityScorer
from pipeline.similarity.user_model.check_passes import BLANK_IMAGES, NOISE_IMAGES, check_passes

# Largest distances between unit vectors that should be equal. A batch may change the last bits of a float.
REPEAT_TOLERANCE = 1e-5
BATCH_TOLERANCE = {"float32": 1e-3, "bfloat16": 5e-2}
# Least distance between the two most different vectors.
LEAST_DIFFERENCE = 1e-3


@dataclass(frozen=True)
class ModelFindings:
    """What the checks found; distances are between unit vectors, 0 to 2.

    Attributes:
        embedding_dim: D.
        repeat_difference: largest distance between the vectors of one image embedded twice.
        batch_difference: largest distance between an image embedded alone and in a batch.
        largest_distance: between the vectors of any two images.
        largest_distance_in_dataset: between the vectors of any two of the dataset's images; NaN with fewer than two.
        forward_passes: images embedded.
        timed_images: images of the timed batch.
        seconds: that it took.
        embeddings_nd: float32 (image, D), unit norm, of all images of that batch: the dataset's, noise, blank ones.
    """

    embedding_dim: int
    repeat_difference: float
    batch_difference: float
    largest_distance: float
    largest_distance_in_dataset: float
    forward_passes: int
    timed_images: int
    seconds: float
    embeddings_nd: np.ndarray = field(repr=False, compare=False)


def check_similarity_model(
    scorer: SimilarityScorer, dataset_nhwc: np.ndarray, canvas_rgb: tuple[int, int, int]
) -> ModelFindings:
    """Return what was found of a model that can be explained.

    Args:
        scorer: the model.
        dataset_nhwc: uint8 (image, y, x, 3), some of the dataset's images, at least one.
        canvas_rgb: colour of blanked pixels, 0 to 255.

    Raises:
        BadModel: it fails, or returns the wrong shape or dtype, NaN, infinite or zero vectors, other vectors for
            the same images, vectors that depend on the batch, or the same vector for different images.
    """
    noise = np.random.default_rng(0).integers(0, 256, (NOISE_IMAGES, *dataset_nhwc.shape[1:]), dtype=np.uint8)
    blank = np.zeros((BLANK_IMAGES, *dataset_nhwc.shape[1:]), np.uint8)
    blank[0] = canvas_rgb
    # What the removed pixels of a saliency mask look like.
    blank[1] = np.rint(255 * np.array(IMAGENET_MEAN_RGB))
    for images, what in ((dataset_nhwc, "images of the dataset"), (noise, "noisy images"), (blank, "blank images")):
        _check_finite(scorer, images, what)
    images = np.concatenate([dataset_nhwc, noise, blank])
    whole = replace(scorer, batch_size=len(images))
    together = whole.embed(images)
    started = time.perf_counter()
    again = whole.embed(images)
    seconds = time.perf_counter() - started
    repeat = _check_repeat(together, again)
    alone = np.concatenate([scorer.embed(images[number : number + 1]) for number in range(len(images))])
    batch = _check_batch(together, alone, BATCH_TOLERANCE[scorer.precision])
    largest, in_dataset = _check_differences(together, dataset_nhwc)
    passes = check_passes(len(dataset_nhwc))
    return ModelFindings(together.shape[1], repeat, batch, largest, in_dataset, passes, len(images), seconds, together)


def _check_finite(scorer: SimilarityScorer, images_nhwc: np.ndarray, what: str) -> None:
    with torch.inference_mode():
        vectors_nd = scorer.network(normalise_pixels(images_nhwc, scorer.device)).double()
    if not bool(vectors_nd.isfinite().all()):
        bad = int((~vectors_nd.isfinite().all(dim=1)).sum())
        remedy = "find the operation that makes NaN or infinity of them, such as a division by 0 or a logarithm of 0"
        raise _unfit("finite vectors", f"NaN or infinity for {bad} of {len(images_nhwc)} {what}", remedy)
    zero = int((torch.linalg.vector_norm(vectors_nd, dim=1) <= 1e-12).sum())
    if zero:
        remedy = (
            "return a vector with a direction for every image: maps and curves blank pixels, in the end all of them. "
            "A small constant added to every entry will do"
        )
        raise _unfit("vectors other than 0", f"zero vectors for {zero} of {len(images_nhwc)} {what}", remedy)


def _check_repeat(first_nd: np.ndarray, second_nd: np.ndarray) -> float:
    difference = _largest(first_nd - second_nd)
    if difference > REPEAT_TOLERANCE:
        raise _unfit(
            f"the same vectors for the same images (unit vectors at most {REPEAT_TOLERANCE:g} apart)",
            f"vectors {difference:.3g} apart when the same batch is embedded twice",
            "switch off what is random: dropout (model.eval()), augmentation, sampling, noise without a fixed seed",
        )
    return difference


def _check_batch(together_nd: np.ndarray, alone_nd: np.ndarray, tolerance: float) -> float:
    difference = _largest(together_nd - alone_nd)
    if difference > tolerance:
        raise _unfit(
            f"the same vector for an image alone and in a batch (unit vectors at most {tolerance:g} apart)",
            f"vectors {difference:.3g} apart",
            "let no image see the others: batch norms in evaluation mode, no statistics over the batch",
        )
    return difference


def _check_differences(embeddings_nd: np.ndarray, dataset_nhwc: np.ndarray) -> tuple[float, float]:
    largest = _largest_distance(embeddings_nd)
    distinct = np.unique(dataset_nhwc.reshape(len(dataset_nhwc), -1), axis=0, return_index=True)[1]
    in_dataset = _largest_distance(embeddings_nd[distinct]) if len(distinct) > 1 else float("nan")
    for distance, n_images, what in (
        (largest, len(embeddings_nd), "different images (noise among them)"),
        (in_dataset, len(distinct), "different images of the dataset"),
    ):
        if distance < LEAST_DIFFERENCE:
            raise _unfit(
                f"different vectors for different images (unit vectors at least {LEAST_DIFFERENCE:g} apart)",
                f"all vectors of {n_images} {what} lie within {distance:.3g}",
                "check that the weights are loaded and the preprocessing fits; subtract a constant that outweighs all",
            )
    return largest, in_dataset


def _largest(differences_nd: np.ndarray) -> float:
    return float(np.linalg.norm(differences_nd, axis=1).max())


def _largest_distance(embeddings_nd: np.ndarray) -> float:
    return max(_largest(embeddings_nd - embedding) for embedding in embeddings_nd)


def _unfit(expected: str, found: str, remedy: str) -> BadModel:
    return BadModel(expected=expected, found=found, where="the user's similarity model", remedy=remedy)
