"""A small folder in VOC's layout: squares of one colour for each class on grey, with a border that counts nowhere."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

SIDE_PX = (36, 48)


def write_voc(root: Path, shown: Mapping[str, tuple[int, ...]], list_name: str = "val") -> Path:
    """Write photographs with masks.

    Args:
        root: a folder that is not there.
        shown: the classes of each photograph, side by side.
        list_name: of ImageSets/Segmentation.
    """
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    palette = np.random.default_rng(7).integers(0, 256, (256, 3)).astype(np.uint8)
    for name, classes in shown.items():
        labels = np.zeros(SIDE_PX, dtype=np.uint8)
        width = SIDE_PX[1] // max(len(classes), 1)
        for place, one in enumerate(classes):
            left = place * width
            labels[9:29, left + 3 : left + width - 3] = 255
            labels[10:28, left + 4 : left + width - 4] = one
        pixels = np.where((labels > 0)[..., None], palette[np.where(labels == 255, classes[:1] or 0, labels)], 128)
        Image.fromarray(pixels.astype(np.uint8)).save(root / "JPEGImages" / f"{name}.jpg", quality=95)
        mask = Image.fromarray(labels)
        mask.putpalette(palette.tobytes())
        mask.save(root / "SegmentationClass" / f"{name}.png")
    (root / "ImageSets/Segmentation" / f"{list_name}.txt").write_text("\n".join(shown) + "\n")
    return root
