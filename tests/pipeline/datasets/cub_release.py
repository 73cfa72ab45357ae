"""A small fake CUB-200-2011 in the release's layout, with its oddities; photographs are empty files."""

from collections.abc import Iterable
from pathlib import Path

CLASSES = (
    "001.Black_footed_Albatross",
    "002.Laysan_Albatross",
    "003.Sooty_Albatross",
    "004.Groove_billed_Ani",
    "005.Crested_Auklet",
    "006.Least_Auklet",
    "007.Parakeet_Auklet",
    "008.Rhinoceros_Auklet",
)
ATTRIBUTES = ("has_bill_shape::curved_(up_or_down)", "has_bill_shape::dagger", "has_wing_color::blue")
IMAGES_PER_CLASS = 3
# All 15 parts of the release, in its order.
PARTS = (
    *("back", "beak", "belly", "breast", "crown", "forehead", "left eye", "left leg", "left wing", "nape"),
    *("right eye", "right leg", "right wing", "tail", "throat"),
)


def image_files(images_per_class: int = IMAGES_PER_CLASS) -> dict[int, str]:
    """Path below images/ by number; the numbers are not in the order of the classes."""
    files = [
        f"{name}/{name.split('.')[1]}_{number:04d}_{1000 * place + number}.jpg"
        for place, name in enumerate(CLASSES, start=1)
        for number in range(1, images_per_class + 1)
    ]
    return {len(files) - place: file for place, file in enumerate(files)}


def attribute_lines(images: Iterable[int]) -> list[str]:
    """An image has the attribute of its number modulo three definitely, the next one as a guess."""
    lines = []
    for image in images:
        for attribute in (1, 2, 3):
            shift = (attribute - 1 - image) % 3
            present, certainty = ((1, 4), (1, 2), (0, 1))[shift]
            lines.append(f"{image} {attribute} {present} {certainty} 12.5")
    # As in the release, a line with more values than it should have.
    lines[4] = " ".join([*lines[4].split()[:4], "0", "7.7"])
    return lines


def part_lines(images: Iterable[int]) -> list[str]:
    """Part p of image i lies at (2 p, 3 p + i % 3) px; the right wing is never seen, the beak not on every third."""
    lines = []
    for image in sorted(images):
        for part, name in enumerate(PARTS, start=1):
            is_seen = name != "right wing" and (name != "beak" or image % 3 > 0)
            place = f"{2.0 * part} {3.0 * part + image % 3} 1" if is_seen else "0.0 0.0 0"
            lines.append(f"{image} {part} {place}")
    return lines


def write_cub(parent: Path, images_per_class: int = IMAGES_PER_CLASS) -> Path:
    """Write the release below a folder, as its archive unpacks; return CUB_200_2011."""
    root = parent / "CUB_200_2011"
    files = image_files(images_per_class)
    for file in files.values():
        (root / "images" / file).parent.mkdir(parents=True, exist_ok=True)
        (root / "images" / file).touch()
    class_of = {image: CLASSES.index(file.split("/")[0]) + 1 for image, file in files.items()}
    lists = {
        "images.txt": [f"{image} {file}" for image, file in files.items()],
        "classes.txt": [f"{number} {name}" for number, name in enumerate(CLASSES, start=1)],
        "image_class_labels.txt": [f"{image} {number}" for image, number in sorted(class_of.items())],
        "train_test_split.txt": [f"{image} {image % 2}" for image in sorted(files)],
        "bounding_boxes.txt": [f"{image} 60.0 27.0 325.0 304.0" for image in sorted(files)],
        "parts/parts.txt": [f"{number} {name}" for number, name in enumerate(PARTS, start=1)],
        "parts/part_locs.txt": part_lines(files),
        "attributes/image_attribute_labels.txt": attribute_lines(files),
        "attributes/certainties.txt": ["1 not visible", "2 guessing", "3 probably", "4 definitely"],
        # Beside the folder, not in it.
        "../attributes.txt": [f"{number} {name}" for number, name in enumerate(ATTRIBUTES, start=1)],
    }
    for name, lines in lists.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root
