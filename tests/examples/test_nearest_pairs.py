"""The list of the model's own matches."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.examples.example_module import load_example
from tests.flows.run_cases import FinishedRun

PATH = Path(__file__).resolve().parents[2] / "examples" / "nearest_pairs.py"
ANGLES = np.deg2rad([0, 10, 80, 30, 100, 5])
EMBEDDINGS = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
IDS = ["a", "b", "c", "d", "e", "f"]


def test_references_are_the_nearest_of_the_label() -> None:
    example = load_example(PATH)
    labels = ["shoe", "shoe", "shoe", "shoe", "bag", "hat"]
    pairs = example.nearest_pairs(IDS, labels, EMBEDDINGS, queries=6, references=2)
    by_query = {query: [r for q, r in pairs if q == query] for query in IDS}
    assert by_query == {"a": ["b", "d"], "b": ["a", "d"], "c": ["d", "b"], "d": ["b", "a"], "e": [], "f": []}
    assert example.nearest_pairs(IDS, labels, EMBEDDINGS, queries=1, references=2) == pairs[: len(pairs[:2])]


def test_a_run_explains_the_listed_pairs(run_copy: FinishedRun) -> None:
    listed = run_copy.config.parent / "nearest.txt"
    words = [sys.executable, str(PATH), str(run_copy.config), str(listed), "--queries", "4", "--references", "2"]
    subprocess.run(words, check=True, capture_output=True)
    lines = [line.split() for line in listed.read_text().splitlines()]
    assert {line[2] for line in lines} == {"1"}
    assert len({line[0] for line in lines}) <= 4
    run_copy.run("pairs.file=nearest.txt", until="similarities.test")
    rows = run_copy.query("select query, reference from pairs where split = 'test'", "pairs.file=nearest.txt")
    assert {(row["query"], row["reference"]) for row in rows} == {(query, reference) for query, reference, _ in lines}
