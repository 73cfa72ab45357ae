"""Rendered items in the layout of CUB-200-2011, whose parts lie where an edit of theirs changes pixels.

    python -m benchmarks.parts_of_rendered_items FOLDER [--images 1600] [--classes 160] [--wrong-places]

Writes FOLDER/CUB_200_2011 and FOLDER/parts.toml, and prints the commands that run it and show its figures. The release
itself cannot be had everywhere; here each part is a collar, a brim and so on, and its point is the pixel of the region
nearest to the region's centre. With `--wrong-places` each image has the points of another one with the part, so that
figures of maps have to fall towards those of the centre blob.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.datasets.planted.edits import changed_region
from pipeline.datasets.planted.items import Item, planted_image_ids, sample_item
from pipeline.datasets.planted.renderer import render_item
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.datasets.planted.vocabulary import attribute_names, part_attribute

SIZE_PX = 64
# By part of an item: the bird's part that it stands for, and what an attribute of it is called.
BIRD_PARTS: Mapping[str, tuple[str, str]] = {
    "collar": ("throat", "has_throat_color"),
    "buttons": ("breast", "has_breast_pattern"),
    "strap": ("back", "has_back_pattern"),
    "emblem": ("crown", "has_crown_color"),
    "pocket": ("belly", "has_belly_pattern"),
    "sole": ("tail", "has_tail_shape"),
    "brim": ("beak", "has_bill_shape"),
    "pompom": ("nape", "has_nape_color"),
}
NAMES = [part for part, _ in BIRD_PARTS.values()]
CONFIG = """# Rendered items in the layout of CUB-200-2011, written by benchmarks/parts_of_rendered_items.py.
seed = 0
[dataset]
kind = "cub200"
root = "CUB_200_2011"
image_size_px = 64
[store]
root = "store"
[similarity_model]
network = "small_residual"
kind = "resnet18"
objective = "triplet"
embedding_dim = 64
epochs = 30
batch_size = 64
images_per_class = 4
[pairs]
train = 1000
valid = 300
test = 400
[saliency]
generators = ["rise", "random", "centre"]
[saliency.rise]
keep = true
modes = ["fixed"]
masks = 500
supervision_masks = 100
[attribute_model]
backbone = "small_residual"
batch_size = 64
epochs = 20
[evaluation]
curves = false
"""


def attribute_number(name: str) -> tuple[int, str]:
    """Return the number of an attribute in the release, and how it is called there."""
    factor, _, value = name.partition(":")
    kind = BIRD_PARTS[value][1] if factor == "part" else "has_primary_color"
    return attribute_names().index(name) + 1, f"{kind}::{factor}_{value}"


def place_of(spec: PlantedSpec, item: Item, part: str) -> tuple[int, int] | None:
    """Return x and y in px of a part that the item has: the pixel of its region nearest to the region's centre."""
    if part not in item.parts:
        return None
    pixels_n2 = np.argwhere(changed_region(spec, item.image_id, part_attribute(part)))
    nearest = pixels_n2[np.argmin(((pixels_n2 - pixels_n2.mean(axis=0)) ** 2).sum(axis=1))]
    return int(nearest[1]), int(nearest[0])


def exchanged(places: Sequence[tuple[int, int] | None]) -> list[tuple[int, int] | None]:
    """Return one part's places with those of the images that have it exchanged: each gets the next one's."""
    having = [number for number, place in enumerate(places) if place is not None]
    found = list(places)
    for number, other in zip(having, having[1:] + having[:1], strict=True):
        found[number] = places[other]
    return found


def write_release(folder: Path, images: int, classes: int, wrong_places: bool = False) -> Path:
    """Write the release below a folder; return CUB_200_2011."""
    spec = PlantedSpec(0, images, 0, 0, SIZE_PX, label_mode="class", classes=classes, class_noise=0.2)
    items = [sample_item(spec, name) for name in planted_image_ids(spec) if name.startswith("train_")]
    names = sorted({str(item.class_name) for item in items})
    files = [f"{names.index(str(item.class_name)) + 1:03d}.{item.class_name}/{item.image_id}.png" for item in items]
    root = folder / "CUB_200_2011"
    for item, file in zip(items, files, strict=True):
        path = root / "images" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(render_item(spec, item.image_id)).save(path)
    places = [[place_of(spec, item, part) for item in items] for part in BIRD_PARTS]
    if wrong_places:
        places = [exchanged(of_part) for of_part in places]
    lists = {
        "images.txt": _numbered(files),
        "classes.txt": _numbered([f"{number:03d}.{name}" for number, name in enumerate(names, start=1)]),
        "image_class_labels.txt": _numbered([str(names.index(str(item.class_name)) + 1) for item in items]),
        "attributes.txt": _numbered([attribute_number(name)[1] for name in attribute_names()]),
        "attributes/image_attribute_labels.txt": _attribute_lines(items),
        "parts/parts.txt": _numbered(NAMES),
        "parts/part_locs.txt": _part_lines(places),
    }
    for name, lines in lists.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "parts.toml").write_text(CONFIG, encoding="utf-8")
    return root


def _numbered(values: Sequence[str]) -> list[str]:
    return [f"{number} {value}" for number, value in enumerate(values, start=1)]


def _attribute_lines(items: Sequence[Item]) -> list[str]:
    return [
        f"{image} {attribute_number(name)[0]} {int(name in item.attributes)} 4 1.0"
        for image, item in enumerate(items, start=1)
        for name in attribute_names()
    ]


def _part_lines(places: Sequence[Sequence[tuple[int, int] | None]]) -> list[str]:
    return [
        f"{image} {part} 0.0 0.0 0" if place is None else f"{image} {part} {place[0] + 0.5} {place[1] + 0.5} 1"
        for image, of_image in enumerate(zip(*places, strict=True), start=1)
        for part, place in enumerate(of_image, start=1)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=1600)
    parser.add_argument("--classes", type=int, default=160)
    parser.add_argument("--wrong-places", action="store_true", help="exchange the points of images that have a part")
    options = parser.parse_args()
    write_release(options.folder, options.images, options.classes, options.wrong_places)
    config = options.folder / "parts.toml"
    print(f"sane run {config}")
    print(
        f'sane query {config} "select table_name, metric, variant, generator, compared_with, value, ci_low, ci_high, '
        "p_value, n from metrics where table_name in ('part_localisation', 'attribute_localisation')\""
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
