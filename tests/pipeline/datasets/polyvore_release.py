"""A small fake release in the layout of Polyvore Outfits."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TYPES = {
    "101": "tops", "102": "bottoms", "103": "shoes", "104": "bags", "105": "bags", "106": "tops", "107": "shoes",
    "108": "bottoms", "109": "hats", "a b+ü": "tops",
}  # fmt: skip
ATTRIBUTES = ("red", "blue", "striped")
ANNOTATIONS: Mapping[str, Sequence[int]] = {"101": [2, 0], "102": [1], "103": [], "106": [0, 0], "999": [1]}
# Item 103 is in outfits of two splits, 104 and 105 make a pair of one type, 109 is in none.
OUTFITS: Mapping[str, Sequence[tuple[str, Sequence[str]]]] = {
    "train": (("t1", ("101", "102", "103")), ("t2", ("104", "105"))),
    "valid": (("v1", ("106", "103")),),
    "test": (("e1", ("108", "107", "a b+ü")), ("e2", ("108", "104"))),
}


def write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def outfits_content(outfits: Sequence[tuple[str, Sequence[str]]]) -> list[dict[str, Any]]:
    """Return what an outfits file holds; items are listed backwards, their index tells the order."""
    return [
        {
            "set_id": name,
            "items": [{"item_id": item, "index": index} for index, item in reversed(list(enumerate(items, start=1)))],
        }
        for name, items in outfits
    ]


def write_release(root: Path, folder: str = "nondisjoint") -> Path:
    """Write the metadata, the outfits of one way of splitting and empty image files."""
    write_json(
        root / "polyvore_item_metadata.json", {item: {"semantic_category": kind} for item, kind in TYPES.items()}
    )
    write_json(root / "polyvore_attributes.json", {"attributes": ATTRIBUTES, "annotations": ANNOTATIONS})
    for split, outfits in OUTFITS.items():
        write_json(root / folder / f"{split}.json", outfits_content(outfits))
    (root / "images").mkdir()
    for item in TYPES:
        (root / "images" / f"{item}.jpg").touch()
    return root
