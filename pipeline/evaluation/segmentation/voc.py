"""Photographs with masks of classes in PASCAL VOC's layout, and the four folds of its classes (PASCAL-5i).

Read are `ImageSets/Segmentation/<list>.txt`, `JPEGImages/<name>.jpg` and `SegmentationClass/<name>.png`, whose values
are indices of classes: 0 ground, 1 to 20 the classes in their alphabetical order, 255 a border that counts as neither.
`Annotations` (boxes) and `SegmentationObject` (instances) are not: nothing uses them, and parts of the release do
without.

Source: Everingham et al. 2010 (VOC); Shaban et al. 2017, Table 1 (folds).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from pipeline.datasets.folder_files import contained_path, is_plain_name, read_lines
from pipeline.errors import BadDataset, BadImage, BadSetting

CLASSES = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
    "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip
FOLDS = 4
CLASSES_OF_A_FOLD = len(CLASSES) // FOLDS
GROUND, IGNORED = 0, 255

Labels = npt.NDArray[np.uint8]


def fold_classes(fold: int) -> tuple[int, ...]:
    """Return the indices of the five classes of a fold, which a method for that fold must not be trained on.

    Raises:
        BadSetting: there is no such fold.
    """
    if fold not in range(FOLDS):
        raise BadSetting(
            expected=f"a fold from 0 to {FOLDS - 1}", found=str(fold), where="PASCAL-5i", remedy="choose one of them"
        )
    first = fold * CLASSES_OF_A_FOLD + 1
    return tuple(range(first, first + CLASSES_OF_A_FOLD))


@dataclass(frozen=True)
class VocFolder:
    """A folder in VOC's layout.

    Attributes:
        root: it holds JPEGImages, SegmentationClass and ImageSets.
        names: of the photographs of a list, without ".jpg", in its order.
    """

    root: Path
    names: tuple[str, ...]

    def photograph_path(self, name: str) -> Path:
        """Return where a photograph lies; see contained_path for BadDataset."""
        return contained_path(self.root, f"JPEGImages/{name}.jpg")

    def photograph(self, name: str) -> Image.Image:
        """Return a photograph, upright, RGB.

        Raises:
            BadImage: it cannot be read.
        """
        return _opened(self.photograph_path(name)).convert("RGB")

    def labels(self, name: str) -> Labels:
        """Return uint8 (y, x) indices of classes, at the photograph's size.

        Raises:
            BadImage: the mask or the photograph cannot be read.
            BadDataset: the mask holds no indices of classes, or is of another size than the photograph.
        """
        path = contained_path(self.root, f"SegmentationClass/{name}.png")
        mask, photograph = _opened(path), _opened(self.photograph_path(name))
        if mask.mode not in ("P", "L"):
            raise _bad_mask(path, "indices of classes (modes P and L)", f"mode {mask.mode}")
        if mask.size != photograph.size:
            expected, found = (f"{width} x {height} px" for width, height in (photograph.size, mask.size))
            raise _bad_mask(path, f"{expected}, the photograph's size", found)
        labels_yx = np.array(mask, dtype=np.uint8)
        foreign = sorted(set(np.unique(labels_yx).tolist()) - {GROUND, *range(1, len(CLASSES) + 1), IGNORED})
        if foreign:
            raise _bad_mask(path, f"0 to {len(CLASSES)} and {IGNORED}", ", ".join(map(str, foreign)))
        return labels_yx


def read_voc(root: Path, list_name: str) -> VocFolder:
    """Return the photographs of a list of a folder in VOC's layout.

    Args:
        root: `VOC2012` of the release, or a folder like it.
        list_name: "train", "val", "trainval" or another file of ImageSets/Segmentation, without ".txt".

    Raises:
        BadDataset: a folder or the list is missing, the list is empty, names a photograph twice, or one without file
            or mask.
    """
    if not is_plain_name(list_name):
        raise _bad_list(root, "the name of a list", repr(list_name))
    path = root / "ImageSets" / "Segmentation" / f"{list_name}.txt"
    names = [line.strip() for line in read_lines(path)]
    if not names or len(set(names)) < len(names):
        raise _bad_list(path, "names, each once", "a name twice" if names else "an empty file")
    for name in names:
        for file in (f"JPEGImages/{name}.jpg", f"SegmentationClass/{name}.png"):
            if not is_plain_name(name) or not contained_path(root, file).is_file():
                raise _bad_list(path, "names of photographs that have a mask", f"{name!r}, but no {file}")
    return VocFolder(root, tuple(names))


def classes_in(labels_yx: Labels, smallest_share: float = 0.0) -> frozenset[int]:
    """Return the classes that a mask shows, each on more than this share of the pixels."""
    found, counts = np.unique(labels_yx, return_counts=True)
    shown = {int(one) for one, count in zip(found, counts, strict=True) if count > smallest_share * labels_yx.size}
    return frozenset(shown - {GROUND, IGNORED})


def _opened(path: Path) -> Image.Image:
    try:
        with Image.open(path, formats=("JPEG", "PNG")) as image:
            upright = ImageOps.exif_transpose(image)
            upright.load()
            return upright
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise BadImage(
            expected="a JPEG or PNG file that can be read",
            found=f"{type(error).__name__}: {error}",
            where=str(path),
            remedy="restore the file from the release",
        ) from error


def _bad_mask(path: Path, expected: str, found: str) -> BadDataset:
    return BadDataset(
        expected=f"a mask of {expected}",
        found=found,
        where=str(path),
        remedy="give each photograph the mask of the release's SegmentationClass, neither resized nor coloured",
    )


def _bad_list(path: Path, expected: str, found: str) -> BadDataset:
    return BadDataset(
        expected=f"a list of {expected}",
        found=found,
        where=str(path),
        remedy="name a folder in VOC's layout, and a list of its ImageSets/Segmentation",
    )
