"""The least that a batch of classes takes of each class; needs no torch, so that a run is refused before it starts."""

import numpy as np

from pipeline.errors import BadDataset
from pipeline.similarity.training.epoch_length import images_of_a_class


def check_class_sizes(counts_c: np.ndarray, batch_size: int, images_per_class: int) -> None:
    """Refuse classes with fewer training images than a batch takes of each, which would be repeated in it.

    Args:
        counts_c: int, training images of each class.
        batch_size: images per step.
        images_per_class: of one class in a batch, as the settings ask.

    Raises:
        BadDataset: there is such a class.
    """
    per_class = images_of_a_class(batch_size, images_per_class)
    if counts_c.min() < per_class:
        raise BadDataset(
            expected=f"{per_class} training images of every class: a batch takes so many of each of its classes",
            found=f"{int((counts_c < per_class).sum())} of {len(counts_c)} classes with fewer, the smallest with "
            f"{counts_c.min()}",
            where="the training split, similarity_model.images_per_class",
            remedy=f"set similarity_model.images_per_class = {counts_c.min()}, or leave those classes out",
        )
