"""Settings that suit a dataset, from the sizes of its images and their number."""

from collections import Counter
from dataclasses import dataclass
from statistics import median

from flows.commands.new_configuration.found_dataset import FoundDataset
from flows.settings.dataset import DEFAULT_IMAGE_SIZE_PX
from flows.settings.similarity_model import DEFAULT_IMAGES_PER_CLASS
from pipeline.datasets.fitting import CROP, PAD, lost_by_cropping
from pipeline.datasets.image_sizes import ImageSizes

SMALLEST_CHOSEN_PX, STEP_PX = 32, 16
# Above this a network of three stages pays; below it the small one has cells enough.
LARGEST_FOR_SMALL_NETWORK_PX = 64
# Cropping that takes more of an image may take what matters.
MOST_LOST_BY_CROPPING = 0.1
SIMILARITY_STEPS, SIMILARITY_BATCH, SIMILARITY_EPOCHS = 4000, 64, (10, 60)
ATTRIBUTE_STEPS, ATTRIBUTE_EPOCHS = 3000, (10, 100)
# From so many training images on, a step of the attribute model has so many.
ATTRIBUTE_BATCHES = ((10_000, 256), (500, 64), (0, 16))


@dataclass(frozen=True)
class Choices:
    """Values of the configuration that depend on the dataset, by the names of its keys.

    Attributes:
        image_size_px: side of the square images.
        fit: how images become square.
        similarity_kind: of the model that is explained.
        network: its trunk.
        epochs: its epochs.
        images_per_class: images of one class in a batch, the default's or what the smallest class has; of classes with
            a single training image, which are left out of training, none count.
        backbone: trunk of the attribute model.
        attribute_batch_size: its images per step.
        attribute_epochs: its epochs.
    """

    image_size_px: int
    fit: str
    similarity_kind: str
    network: str
    epochs: int
    images_per_class: int
    backbone: str
    attribute_batch_size: int
    attribute_epochs: int


def choose(found: FoundDataset, image_size_px: int | None = None) -> Choices:
    """Return the choices for a dataset.

    Args:
        found: the dataset.
        image_size_px: side of the square images that is asked for; None: that of the papers, or less where images are
            smaller.
    """
    side_px = suitable_side(found.sizes) if image_size_px is None else image_size_px
    n_train = max(1, sum(record.split == "train" for record in found.index.records))
    is_small = side_px <= LARGEST_FOR_SMALL_NETWORK_PX
    batch_size = next(size for least, size in ATTRIBUTE_BATCHES if n_train >= least)
    return Choices(
        image_size_px=side_px,
        fit=suitable_fit(found.sizes) if found.kind.needs_table else found.kind.fit,
        similarity_kind="type_aware" if found.kind.has_outfits else "resnet18",
        network="small_residual" if is_small else "resnet18_three_stage",
        epochs=_epochs(SIMILARITY_STEPS, SIMILARITY_BATCH, n_train, SIMILARITY_EPOCHS),
        images_per_class=_images_per_class(found),
        backbone="small_residual" if is_small else "resnet18",
        attribute_batch_size=batch_size,
        attribute_epochs=_epochs(ATTRIBUTE_STEPS, batch_size, n_train, ATTRIBUTE_EPOCHS),
    )


def _images_per_class(found: FoundDataset) -> int:
    counts = Counter(record.label for record in found.index.records if record.split == "train")
    return min([DEFAULT_IMAGES_PER_CLASS, *(count for count in counts.values() if count > 1)])


def suitable_side(sizes: ImageSizes) -> int:
    """Return the papers' side, or the largest multiple of 16 px, at least 32, that half of the short sides reach."""
    short_px = [min(size) for size in sizes.size_px_by_path.values()]
    half = median(short_px) if short_px else DEFAULT_IMAGE_SIZE_PX
    return min(DEFAULT_IMAGE_SIZE_PX, max(SMALLEST_CHOSEN_PX, int(half) // STEP_PX * STEP_PX))


def suitable_fit(sizes: ImageSizes) -> str:
    """Return "crop" where nine of ten images lose at most a tenth of their area by it, else "pad"."""
    lost = [lost_by_cropping(*size) > MOST_LOST_BY_CROPPING for size in sizes.size_px_by_path.values()]
    return PAD if sum(lost) > 0.1 * len(lost) else CROP


def _epochs(steps: int, batch_size: int, n_images: int, limits: tuple[int, int]) -> int:
    least, most = limits
    return min(most, max(least, round(steps * batch_size / n_images)))
