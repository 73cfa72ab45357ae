"""Fake releases for retrieval whose photographs are plain colours that can be learnt, and configurations for them."""

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

from tests.flows.fake_awa2 import CONFIG
from tests.pipeline.datasets.cars_release import write_one_file
from tests.pipeline.datasets.cub_release import write_cub
from tests.pipeline.datasets.person_release import write_market
from tests.pipeline.datasets.products_release import write_products

WRITERS = {
    "cars196": write_one_file,
    "cub200": write_cub,
    "stanford_online_products": write_products,
    "market1501": write_market,
}


def write_fake_retrieval(folder: Path, kind: str) -> Path:
    """Write a release and a configuration for it into a folder; return the configuration's path."""
    (folder / "release").mkdir(parents=True)
    return configure(folder, kind, WRITERS[kind](folder / "release"))


def configure(folder: Path, kind: str, root: Path) -> Path:
    """Draw the photographs of a release whose files are empty, and write a configuration for it."""
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in (".jpg", ".png") and "gt_bbox" not in path.parts:
            _draw(path, path.relative_to(root).as_posix())
    config = folder / f"{kind}.toml"
    kept = [line for line in CONFIG.lstrip().splitlines() if not line.startswith(("kind = ", "root = ", "validation_"))]
    head = ["[dataset]", f'kind = "{kind}"', f'root = "{root.relative_to(folder).as_posix()}"']
    config.write_text("\n".join([*head, *kept[1:]]) + "\n")
    return config


def _draw(path: Path, name: str) -> None:
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))
    noise = rng.integers(-40, 41, (48, 40, 3))
    pixels = np.clip(rng.integers(40, 216, 3) + noise, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path, format="PNG")
