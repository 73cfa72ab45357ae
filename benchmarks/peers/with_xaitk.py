"""xaitk-saliency: its RISE and its occlusion, for the explained network as a black box.

It has two interfaces, both used as documented, without its threads. As a classifier the network has a label for each
reference, whose confidence is the similarity; then `RISEStack` (its debiased RISE) applies. As a descriptor generator
it is scored by `SimilarityScoring` with the cosine. Either takes several references at once and shares their passes.
Images are given as normalised floats, so that what it removes is 0 after normalisation, as with us.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch
from smqtk_classifier import ClassifyImage
from smqtk_descriptors.interfaces.image_descriptor_generator import ImageDescriptorGenerator
from xaitk_saliency import PerturbImage
from xaitk_saliency.impls.gen_classifier_conf_sal.occlusion_scoring import OcclusionScoring
from xaitk_saliency.impls.gen_classifier_conf_sal.rise_scoring import RISEScoring
from xaitk_saliency.impls.gen_descriptor_sim_sal.similarity_scoring import SimilarityScoring
from xaitk_saliency.impls.gen_image_classifier_blackbox_sal import occlusion_based as of_classifiers
from xaitk_saliency.impls.gen_image_classifier_blackbox_sal.rise import RISEStack
from xaitk_saliency.impls.gen_image_similarity_blackbox_sal import occlusion_based as of_descriptors
from xaitk_saliency.impls.perturb_image.rise import RISEGrid
from xaitk_saliency.impls.perturb_image.sliding_window import SlidingWindow

from benchmarks.peers.workbench import Workbench


class _Similarities(ClassifyImage):  # type: ignore[misc]
    """The network as a classifier: the similarity to each reference."""

    def __init__(self, bench: Workbench, references: int) -> None:
        self._bench, self._references = bench, references

    def get_labels(self) -> list[int]:
        return list(range(self._references))

    def classify_images(self, img_iter: Iterable[np.ndarray]) -> Iterator[dict[int, float]]:
        for images_nchw in _batches(img_iter, self._bench.case.batch):
            for row in self._bench.similarities(images_nchw, self._references).numpy():
                yield dict(enumerate(row))

    def get_config(self) -> dict[str, Any]:
        return {}


class _Descriptors(ImageDescriptorGenerator):  # type: ignore[misc]
    """The network as a generator of descriptors: its embeddings."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def generate_arrays_from_images(self, img_mat_iter: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        for images_nchw in _batches(img_mat_iter, self._bench.case.batch):
            with torch.inference_mode():
                yield from self._bench.plain(images_nchw).numpy()

    def get_config(self) -> dict[str, Any]:
        return {}


class GivenMasks(PerturbImage):  # type: ignore[misc]
    """Masks that are brought along, as a perturber."""

    def __init__(self, masks_nhw: np.ndarray) -> None:
        self._masks_nhw = masks_nhw

    def perturb(self, ref_image: np.ndarray) -> np.ndarray:  # noqa: ARG002
        return self._masks_nhw

    def get_config(self) -> dict[str, Any]:
        return {}


def rise(bench: Workbench, masks: int, references: int) -> np.ndarray:
    """Return its RISE maps (reference, y, x), masks made for them."""
    stack = RISEStack(n=masks, s=8, p1=0.5, seed=0, threads=0)
    return np.asarray(stack.generate(_image(bench), _Similarities(bench, references)))


def rise_by_similarity(bench: Workbench, masks: int, references: int) -> np.ndarray:
    """Return maps (reference, y, x) of RISE masks by its scoring of descriptors."""
    return _by_similarity(bench, RISEGrid(n=masks, s=8, p1=0.5, seed=0, threads=0), references)


def occlusion(bench: Workbench, window_px: int, stride_px: int, references: int) -> np.ndarray:
    """Return maps (reference, y, x) of a sliding window by its scoring of descriptors."""
    return _by_similarity(bench, SlidingWindow((window_px, window_px), (stride_px, stride_px)), references)


def rise_masks(masks: int, size_px: int) -> np.ndarray:
    """Return the masks of its RISE, float32 (mask, y, x)."""
    return np.asarray(RISEGrid(n=masks, s=8, p1=0.5, seed=0, threads=0)(np.zeros((size_px, size_px, 3), np.float32)))


def window_masks(size_px: int, window_px: int, stride_px: int) -> np.ndarray:
    """Return the masks of its sliding window, bool (mask, y, x)."""
    windows = SlidingWindow((window_px, window_px), (stride_px, stride_px))
    return np.asarray(windows(np.zeros((size_px, size_px, 3), np.float32)))


def occlusion_of_confidences(bench: Workbench, masks_nhw: np.ndarray, references: int) -> np.ndarray:
    """Return maps (reference, y, x) of given masks by its scoring of classifiers, which clips nothing."""
    generator = of_classifiers.PerturbationOcclusion(GivenMasks(masks_nhw), OcclusionScoring(), threads=0)
    return np.asarray(generator.generate(_image(bench), _Similarities(bench, references)))


def occlusion_of_descriptors(bench: Workbench, masks_nhw: np.ndarray, references: int) -> np.ndarray:
    """Return maps (reference, y, x) of given masks by its scoring of descriptors."""
    return _by_similarity(bench, GivenMasks(masks_nhw), references)


def rise_weighted_sums(scores_nk: np.ndarray, masks_nhw: np.ndarray, keep_probability: float) -> np.ndarray:
    """Return what its RISE makes of scores (mask, reference): maps (reference, y, x), the largest value 1."""
    return np.asarray(RISEScoring(p1=keep_probability)(np.zeros(scores_nk.shape[1]), scores_nk, masks_nhw))


def _by_similarity(bench: Workbench, perturber: PerturbImage, references: int) -> np.ndarray:
    # Our query is what it calls the reference: the image that is perturbed.
    generator = of_descriptors.PerturbationOcclusion(perturber, SimilarityScoring("cosine"), threads=0)
    others = [image.transpose(1, 2, 0) for image in bench.reference_images_kchw[:references].numpy()]
    return np.asarray(generator.generate(_image(bench), others, _Descriptors(bench)))


def _image(bench: Workbench) -> np.ndarray:
    return np.ascontiguousarray(bench.query_chw.numpy().transpose(1, 2, 0))


def _batches(images: Iterable[np.ndarray], batch: int) -> Iterator[torch.Tensor]:
    """Yield float32 (image, 3, y, x) of at most `batch` images."""
    remaining = iter(images)
    while some := list(islice(remaining, batch)):
        yield torch.from_numpy(np.stack(some)).permute(0, 3, 1, 2).contiguous()
