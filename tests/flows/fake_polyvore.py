"""A fake release in the layout of Polyvore Outfits: bars of a colour on white, an outfit is of one colour."""

from pathlib import Path

import numpy as np
from PIL import Image

from tests.pipeline.datasets.polyvore_release import outfits_content, write_json

COLOURS = {"red": (200, 30, 30), "blue": (30, 30, 200), "green": (20, 150, 40)}
TYPES = ("bags", "shoes", "tops")
OUTFITS = {"train": 12, "valid": 6, "test": 6}
# Sorts first and ends its shard: two splits have a shard of this item alone, alike but for the split.
SHARED = "04"
CONFIG = """
[dataset]
kind = "polyvore_outfits"
root = "release"
image_size_px = 32
[similarity_model]
network = "small_residual"
epochs = 1
batch_size = 8
images_per_class = 2
[pairs]
train_references = 1
references = 2
[saliency.rise]
modes = ["fixed"]
masks = 16
supervision_masks = 8
[attribute_model]
backbone = "small_residual"
epochs = 1
[evaluation]
bootstrap_samples = 100
[compute]
device = "cpu"
threads = 1
"""


def write_item(path: Path, kind: str, colour: str, seed: int) -> None:
    """Write a JPEG of 40 x 48 px: a bar whose height tells the type, in a noisy colour."""
    pixels = np.full((48, 40, 3), 255, np.uint8)
    top = 4 + 14 * TYPES.index(kind)
    noise = np.random.default_rng(seed).integers(-20, 21, (12, 30, 3))
    pixels[top : top + 12, 5:35] = np.clip(np.array(COLOURS[colour]) + noise, 0, 255)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, quality=95)


def write_fake_polyvore(folder: Path) -> Path:
    """Write a release and a configuration for it into a folder; return the configuration's path.

    The first item of the first training outfit is also in the first test outfit; bags have no annotations.
    """
    release = folder / "release"
    metadata, annotations, number = {}, {}, 100
    for split, count in OUTFITS.items():
        outfits = []
        for outfit in range(count):
            colour = list(COLOURS)[outfit % 3]
            items = []
            for kind in TYPES:
                item, number = SHARED if number == 100 else str(number), number + 1
                items.append(item)
                metadata[item] = {"semantic_category": kind}
                if kind != "bags":
                    annotations[item] = [list(COLOURS).index(colour), 3 + (outfit % 2)]
                write_item(release / "images" / f"{item}.jpg", kind, colour, number)
            outfits.append((f"{split}{outfit}", [*items, SHARED] if (split, outfit) == ("test", 0) else items))
        write_json(release / "nondisjoint" / f"{split}.json", outfits_content(outfits))
    write_json(release / "polyvore_item_metadata.json", metadata)
    names = [*COLOURS, "even", "odd", "never"]
    write_json(release / "polyvore_attributes.json", {"attributes": names, "annotations": annotations})
    path = folder / "polyvore.toml"
    path.write_text(CONFIG.lstrip())
    return path
