"""A made-up release in the layout of Polyvore Outfits, whose items go together by colour, and a tiny configuration."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from tests.flows.planted_config import CONFIG
from tests.pipeline.similarity.outfit_problem import COLOURS, outfit_problem

OUTFITS = {"train": (40, 1), "valid": (12, 2), "test": (12, 3)}
ATTRIBUTES = ("red", "green", "blue", "yellow", "bright")


def write_outfits(root: Path) -> Path:
    """Write images, types, attributes and outfits; an item's first attribute is the colour of its middle."""
    (root / "images").mkdir(parents=True)
    metadata, annotations = {}, {}
    for split, (n_outfits, seed) in OUTFITS.items():
        problem = outfit_problem(n_outfits, seed)
        listed = []
        for outfit_id, members in zip(problem.outfit_ids, problem.outfits, strict=True):
            items = [f"{split}-{problem.image_ids_n[member]}" for member in members]
            for item, member in zip(items, members, strict=True):
                pixels = problem.pixels_nhwc[member]
                Image.fromarray(pixels).save(root / "images" / f"{item}.jpg", quality=95)
                metadata[item] = {"semantic_category": problem.types_n[member]}
                middle = pixels[8:24, 8:24].reshape(-1, 3).mean(axis=0)
                colour = int(np.abs(COLOURS - middle).sum(axis=1).argmin())
                annotations[item] = [colour, *([4] if pixels.mean() > 120 else [])]
            entries = [{"item_id": item, "index": index} for index, item in enumerate(items, start=1)]
            listed.append({"set_id": f"{split}-{outfit_id}", "items": entries})
        write_json(root / "disjoint" / f"{split}.json", listed)
    write_json(root / "polyvore_item_metadata.json", metadata)
    write_json(root / "polyvore_attributes.json", {"attributes": ATTRIBUTES, "annotations": annotations})
    return root


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def write_outfit_config(folder: Path) -> Path:
    """Write the release and a configuration of the type-aware model on it."""
    root = write_outfits(folder / "release")
    _, rest = CONFIG.split("[store]")
    dataset = f"""
seed = 0
[dataset]
kind = "polyvore_outfits"
root = "{root}"
outfit_splits = "disjoint"
image_size_px = 32
"""
    model = '[similarity_model]\nkind = "type_aware"\nbatch_size = 24\nembedding_dim = 16\n'
    rest = rest.replace("[similarity_model]\n", model)
    path = folder / "outfits.toml"
    path.write_text(f"{dataset}[store]{rest}")
    return path
