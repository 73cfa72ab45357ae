"""A small fake CUB-200-2011 in the release's layout, with its oddities; photographs are empty files."""

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


def image_files() -> dict[int, str]:
    """Path below images/ by number; the numbers are not in the order of the classes."""
    files = [
        f"{name}/{name.split('.')[1]}_{number:04d}_{1000 * place + number}.jpg"
        for place, name in enumerate(CLASSES, start=1)
        for number in range(1, IMAGES_PER_CLASS + 1)
    ]
    return {len(files) - place: file for place, file in enumerate(files)}


def attribute_lines() -> list[str]:
    """An image has the attribute of its number modulo three definitely, the next one as a guess."""
    lines = []
    for image in image_files():
        for attribute in (1, 2, 3):
            shift = (attribute - 1 - image) % 3
            present, certainty = ((1, 4), (1, 2), (0, 1))[shift]
            lines.append(f"{image} {attribute} {present} {certainty} 12.5")
    # As in the release, a line with more values than it should have.
    lines[4] = " ".join([*lines[4].split()[:4], "0", "7.7"])
    return lines


def write_cub(parent: Path) -> Path:
    """Write the release below a folder, as its archive unpacks; return CUB_200_2011."""
    root = parent / "CUB_200_2011"
    files = image_files()
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
        "parts/parts.txt": ["1 back", "2 left eye"],
        "parts/part_locs.txt": [f"{image} {part} 312.0 182.0 1" for image in sorted(files) for part in (1, 2)],
        "attributes/image_attribute_labels.txt": attribute_lines(),
        "attributes/certainties.txt": ["1 not visible", "2 guessing", "3 probably", "4 definitely"],
        # Beside the folder, not in it.
        "../attributes.txt": [f"{number} {name}" for number, name in enumerate(ATTRIBUTES, start=1)],
    }
    for name, lines in lists.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root
