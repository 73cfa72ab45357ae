"""The index at the release's full size: 365,054 items in 68,306 outfits, in a process of its own to tell its memory."""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.datasets.polyvore_release import write_json

ITEMS, ATTRIBUTES = 365_054, 205
OUTFITS = {"train": 53_306, "valid": 5_000, "test": 10_000}
RECURRING = 26_657
MOST_SECONDS, MOST_BYTES = 60, 4_000_000_000
TYPES = [f"type {number}" for number in range(11)]
# Prints what is measured; everything that a run does before it opens an image.
MEASURE = """
import json, os, resource, sys, time
from pathlib import Path
from pipeline.datasets.attribute_notes import attribute_notes
from pipeline.datasets.folder_files import contained_paths
from pipeline.datasets.polyvore_outfits import build_polyvore_index
looked_at = []
sys.addaudithook(lambda event, arguments: looked_at.append(event) if event == "os.scandir" else None)
started = time.process_time()
index = build_polyvore_index(Path(sys.argv[1]))
built = time.process_time()
notes = attribute_notes(index)
paths = contained_paths(Path(sys.argv[1]), [record.path for record in index.records])
print(json.dumps({
    "records": len(index.records), "outfits": len(index.outfits), "type_pairs": len(index.type_pairs),
    "notes": len(notes), "paths": len(set(paths)), "listings": len(looked_at),
    "index_seconds": built - started, "all_seconds": time.process_time() - started,
    "bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
}))
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Path]:
    """The metadata of a whole release, with an empty file for each image."""
    root = tmp_path / "release"
    draw = random.Random(0)
    ids = [str(100_000_000 + number * 7) for number in range(ITEMS)]
    text = "a catalogue item whose description is as long as descriptions of items usually are " * 3
    metadata = {
        item: {"title": text[:60], "description": text, "categories": ["a", "b"], "related": ["c"],
               "semantic_category": draw.choice(TYPES)}
        for item in ids
    }  # fmt: skip
    write_json(root / "polyvore_item_metadata.json", metadata)
    annotations = {item: draw.sample(range(ATTRIBUTES), draw.randrange(1, 8)) for item in ids[::2]}
    names = [f"attribute {number}" for number in range(ATTRIBUTES)]
    write_json(root / "polyvore_attributes.json", {"attributes": names, "annotations": annotations})
    waiting, n_outfits = iter([*ids, *ids[:RECURRING]]), sum(OUTFITS.values())
    sizes = iter(
        [(ITEMS + RECURRING) // n_outfits + (number < (ITEMS + RECURRING) % n_outfits) for number in range(n_outfits)]
    )
    for split, count in OUTFITS.items():
        outfits = [
            {"set_id": f"{split}{number}",
             "items": [{"item_id": next(waiting), "index": place} for place in range(next(sizes))]}
            for number in range(count)
        ]  # fmt: skip
        write_json(root / "nondisjoint" / f"{split}.json", outfits)
    (root / "images").mkdir()
    for item in ids:
        (root / "images" / f"{item}.jpg").touch()
    yield root
    shutil.rmtree(root)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_whole_release_is_indexed_within_a_minute_and_four_gigabytes(catalogue: Path) -> None:
    result = subprocess.run([sys.executable, "-c", MEASURE, str(catalogue)], capture_output=True, text=True, check=True)
    found = json.loads(result.stdout)
    assert (found["records"], found["outfits"]) == (ITEMS + RECURRING, sum(OUTFITS.values()))
    assert found["paths"] == ITEMS
    assert found["type_pairs"] == len(TYPES) * (len(TYPES) + 1) // 2
    assert found["notes"] == 0
    # The folder is listed once, whatever the number of its files.
    assert found["listings"] == 1
    assert found["index_seconds"] < found["all_seconds"] < MOST_SECONDS
    assert found["bytes"] < MOST_BYTES
