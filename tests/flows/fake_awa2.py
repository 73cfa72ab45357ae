"""A fake release in the layout of Animals with Attributes 2, with photographs of plain colours that can be learnt."""

from pathlib import Path

import numpy as np
from PIL import Image

TRAIN = {"crow": (20, 20, 20), "swan": (235, 235, 235), "fox": (200, 90, 20)}
TEST = {"mole": (60, 50, 50), "robin": (190, 60, 40)}
ATTRIBUTES = ("dark", "red", "flies", "alive")
# "alive" is true of every class: a constant attribute is no error.
MATRIX = {
    "crow": "1 0 1 1",
    "swan": "0 0 1 1",
    "fox": "0 1 0 1",
    "mole": "1 0 0 1",
    "robin": "0 1 1 1",
}
CONFIG = """
[dataset]
kind = "awa2"
root = "release"
image_size_px = 32
validation_images = 3
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


def write_photographs(folder: Path, name: str, numbers: range) -> None:
    """Write PNG files of one class, each a noisy plain colour."""
    folder.mkdir(parents=True, exist_ok=True)
    colour = np.array({**TRAIN, **TEST}[name])
    for number in numbers:
        noise = np.random.default_rng(number).integers(-20, 21, (40, 48, 3))
        Image.fromarray(np.clip(colour + noise, 0, 255).astype(np.uint8)).save(folder / f"{name}_{number}.png")


def write_fake_awa2(folder: Path, train_images: int = 8, test_images: int = 4) -> Path:
    """Write a release and a configuration for it into a folder; return the configuration's path."""
    release = folder / "release"
    names = [*TRAIN, *TEST]
    for name in names:
        count = train_images if name in TRAIN else test_images
        write_photographs(release / "JPEGImages" / name, name, range(10001, 10001 + count))
    lists = {"classes.txt": names, "predicates.txt": ATTRIBUTES}
    for file, entries in lists.items():
        (release / file).write_text("".join(f"{number:6d}\t{entry}\n" for number, entry in enumerate(entries, start=1)))
    (release / "predicate-matrix-binary.txt").write_text("".join(f"{MATRIX[name]}\n" for name in names))
    (release / "trainclasses.txt").write_text("\n".join(TRAIN) + "\n")
    (release / "testclasses.txt").write_text("\n".join(TEST) + "\n")
    path = folder / "awa2.toml"
    path.write_text(CONFIG.lstrip())
    return path
