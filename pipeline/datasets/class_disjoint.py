"""Splits whose classes are disjoint: the release says which classes are for test, validation classes are drawn.

Retrieval is measured on classes that no training saw, and settings are chosen on validation classes, never on those of
the test split (Musgrave, Belongie and Lim, A Metric Learning Reality Check, 2020, section 2.3).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Gt, Le, doc

from pipeline.datasets.records import ImageRecord
from pipeline.errors import BadDataset
from pipeline.randomness import derive_seed

VALIDATION_CLASS_SHARE = 0.1
# Among the images of a single class the nearest is always of it, whatever the model.
LEAST_CLASSES = 2


@dataclass(frozen=True)
class HeldOutClassesSettings:
    """The key of [dataset] that datasets with disjoint classes share."""

    validation_class_share: Annotated[
        float, Gt(0), Le(0.5), doc("share of the training classes that are held out of training, for validation")
    ] = VALIDATION_CLASS_SHARE


@dataclass(frozen=True)
class ClassedImage:
    """An image as a release names it.

    Attributes:
        image_id: unique among the images of its side.
        path: relative to the dataset's root, with forward slashes.
        label: its class.
        is_test: whether its class is for test.
        attributes: what it has, in vocabulary order; empty where the release has none.
    """

    image_id: str
    path: str
    label: str
    is_test: bool
    attributes: tuple[str, ...] = ()


def class_disjoint_records(images: Sequence[ClassedImage], share: float, where: str) -> tuple[ImageRecord, ...]:
    """Return the records, sorted by id: test classes, training classes, and validation classes drawn from the latter.

    Args:
        images: all of them.
        share: of the training classes that become validation classes, at least two of them.
        where: the dataset, for messages.

    Raises:
        BadDataset: a class is on both sides; a class has a single image, which nothing matches; an id is there
            twice on one side; or there are too few classes.
    """
    trained = {image.label for image in images if not image.is_test}
    tested = {image.label for image in images if image.is_test}
    _check_disjoint(trained, tested, where)
    _check_company(images, where)
    _check_ids(images, where)
    _check_enough(trained, tested, where)
    held_out = validation_classes(trained, share)
    records = [
        ImageRecord(image.image_id, image.path, _split(image, held_out), image.label, image.attributes)
        for image in images
    ]
    return tuple(sorted(records, key=lambda record: record.image_id))


def validation_classes(training_classes: Iterable[str], share: float) -> frozenset[str]:
    """Return the classes that are held out: those with the smallest hashes, so that others stay when one is added.

    Args:
        training_classes: distinct names.
        share: of them, rounded; at least two are taken, and at least two are left.
    """
    ordered = sorted(set(training_classes), key=lambda name: derive_seed("validation class", name))
    count = min(max(LEAST_CLASSES, round(share * len(ordered))), len(ordered) - LEAST_CLASSES)
    return frozenset(ordered[: max(count, 0)])


def _split(image: ClassedImage, held_out: frozenset[str]) -> str:
    if image.is_test:
        return "test"
    return "valid" if image.label in held_out else "train"


def _check_disjoint(trained: set[str], tested: set[str], where: str) -> None:
    shared = sorted(trained & tested)
    if shared:
        raise BadDataset(
            expected="classes that are either for training or for test",
            found=f"images of both for {len(shared)} classes: {', '.join(shared[:5])}",
            where=where,
            remedy="restore the lists of the release",
        )


def _check_company(images: Sequence[ClassedImage], where: str) -> None:
    alone = sorted(name for name, count in Counter(image.label for image in images).items() if count < 2)
    if alone:
        raise BadDataset(
            expected="at least two images of every class: a query needs a true match, and so does a training image",
            found=f"a single image of {len(alone)} classes: {', '.join(alone[:5])}{' ...' if len(alone) > 5 else ''}",
            where=where,
            remedy="add images of these classes, or take the classes out of the release's lists",
        )


def _check_ids(images: Sequence[ClassedImage], where: str) -> None:
    seen = Counter((image.is_test, image.image_id) for image in images)
    repeated = sorted(image_id for (_, image_id), count in seen.items() if count > 1)
    if repeated:
        raise BadDataset(
            expected="every image once",
            found=f"{len(repeated)} more than once: {', '.join(repeated[:5])}",
            where=where,
            remedy="restore the lists of the release",
        )


def _check_enough(trained: set[str], tested: set[str], where: str) -> None:
    if len(trained) < 2 * LEAST_CLASSES or len(tested) < LEAST_CLASSES:
        raise BadDataset(
            expected=f"at least {2 * LEAST_CLASSES} training classes, of which {LEAST_CLASSES} are held out, and "
            f"{LEAST_CLASSES} test classes",
            found=f"{len(trained)} training and {len(tested)} test classes",
            where=where,
            remedy="set dataset.root to the folder of the whole release",
        )
