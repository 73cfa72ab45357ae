"""How many images an epoch of similarity training passes through the network; needs no torch."""


def training_images_per_epoch(
    objective: str, n_images: int, n_classes: int, batch_size: int, images_per_class: int
) -> int:
    """Return the images of all batches of one epoch, the same in every epoch.

    Args:
        objective: "regression" takes every image once, "triplet" every class equally often.
        n_images: training images.
        n_classes: different classes among them; matters to "triplet" only.
        batch_size: images per step; a last batch of fewer than 8 images is left out.
        images_per_class: images of one class in a triplet batch.
    """
    length = n_images
    if objective == "triplet":
        per_class = images_of_a_class(batch_size, images_per_class)
        length = whole_turns(n_images, n_classes, per_class)
    rest = length % batch_size
    return length - (rest if rest < min(8, length) else 0)


def images_of_a_class(batch_size: int, images_per_class: int) -> int:
    """Return how many images of one class stand together in a triplet batch, which needs two classes."""
    return max(2, min(images_per_class, batch_size // 2))


def whole_turns(n_images: int, n_classes: int, per_class: int) -> int:
    """Return the length of a triplet epoch: about `n_images`, in whole turns of every class."""
    return max(n_images // (per_class * n_classes), 1) * per_class * n_classes
