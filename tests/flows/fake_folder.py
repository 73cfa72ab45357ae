"""A user's own pictures of plain colours with a table, and a configuration for them."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from tests.flows.fake_awa2 import CONFIG

COLOURS = {"red": (200, 30, 30), "blue": (30, 30, 200), "grey": (120, 120, 120)}
COUNTS = {"train": 8, "valid": 4, "test": 4}
COLUMNS = ("image_id", "path", "split", "label", "attributes")


def write_fake_folder(folder: Path) -> Path:
    """Write 48 pictures, `items.csv` and a configuration into a folder; return the configuration's path."""
    rows = []
    for colour, value in COLOURS.items():
        for split, count in COUNTS.items():
            for number in range(count):
                image_id = f"{colour} {split}+{number}"
                path = folder / "pictures" / split / f"{image_id}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                bright = number % 2 * 40
                noise = np.random.default_rng([number, bright]).integers(-20, 21, (40, 48, 3))
                Image.fromarray(np.clip(np.array(value) + bright + noise, 0, 255).astype(np.uint8)).save(path)
                marks = [colour, *(["bright"] if bright else [])] if colour != "grey" else []
                rows.append((image_id, f"{split}/{path.name}", split, colour, "; ".join(marks)))
    with (folder / "items.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    path = folder / "own.toml"
    kept = [line for line in CONFIG.lstrip().splitlines() if not line.startswith(("kind = ", "root = ", "validation_"))]
    path.write_text("\n".join(["[dataset]", 'kind = "folder"', 'root = "pictures"', 'table = "items.csv"', *kept[1:]]))
    return path
