"""What the report of many pairs takes: CPU seconds by step, and the size of its files.

    python -m benchmarks.report_size --pairs 10000 --image-size-px 112 --out FOLDER
    python -m benchmarks.report_size --pairs 10000 --image-size-px 112 --photograph-px 224

Pairs are made up: queries with four references each, 40 attributes, random pixels under smooth maps. Pixels of noise
make pictures larger than photographs do, so the size is an upper bound. The files can be opened from FOLDER. With
`--photograph-px` every pair also has its page, with four maps of the query, one of the reference, two parts, curves,
ranking, replacements and links, and photographs of that size. Reading maps and pixels from a store is not counted. Exit
status 1 where the bound, which is one of the report without pages, is broken.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from benchmarks.report_pages import page_files
from pipeline.evaluation.bootstrap import Resampling
from pipeline.randomness import keyed_rng
from pipeline.report.answer_checks import PairKnowledge
from pipeline.report.archive import packed
from pipeline.report.disagreement import disagreement
from pipeline.report.evidence import ReportEvidence, RunFacts
from pipeline.report.file_names import GALLERY, GALLERY_DATA, OVERVIEW, PAGED_PAIRS
from pipeline.report.folder import report_files
from pipeline.report.map_words import bright_place
from pipeline.report.nearest_pairs import nearest_pairs
from pipeline.report.pair_links import pages_script
from pipeline.report.pair_table import CLASSES, PairTable
from pipeline.report.replacement_test import ReplacementTest
from pipeline.report.shown_image import ShownImage
from pipeline.report.thumbnails import image_thumbnail_path, query_thumbnail_path, thumbnail

Result = TypeVar("Result")
# A minute on two cores, for 10,000 pairs; in proportion for others.
LARGEST_CPU_SECONDS = 120.0
REFERENCES = 4
ATTRIBUTES = [f"attribute:{number}" for number in range(40)]
LABELS = ("bag", "boot", "cap", "shirt")
EMBEDDING_DIM = 256
METHODS = ("classifier", "sane", "sane+match", "embedding_effect", "embedding_effect+presence", "predicted_in_both")


class Stopwatch:
    """CPU seconds of this process by step, all threads together."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def timed(self, step: str, work: Callable[[], Result]) -> Result:
        began = time.process_time()
        result = work()
        self.seconds[step] = time.process_time() - began
        return result


def made_up_pairs(n_pairs: int, watch: Stopwatch) -> PairTable:
    """Return pairs with answers, similarities and all that can be sorted by."""
    rng = keyed_rng(0, "report size", n_pairs)
    queries = [f"query_{pair // REFERENCES:06d}.jpg" for pair in range(n_pairs)]
    references = [f"reference_{pair:06d}.jpg" for pair in range(n_pairs)]
    query_p = np.arange(n_pairs) // REFERENCES
    n_queries = int(query_p.max()) + 1
    embeddings = rng.normal(size=(n_queries + n_pairs, EMBEDDING_DIM)).astype(np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    reference_p = n_queries + np.arange(n_pairs)
    firsts = {name: rng.integers(0, 5, n_pairs) for name in METHODS}
    return PairTable(
        made_up_ids(n_pairs),
        queries,
        references,
        [LABELS[row % 4] for row in query_p],
        [LABELS[pair % 4] for pair in range(n_pairs)],
        [LABELS[row % 4] for row in query_p],
        CLASSES,
        query_p,
        "query",
        Resampling(0, 1000),
        rng.uniform(0.3, 1, n_pairs),
        [_answer(rng) for _ in range(n_pairs)],
        watch.timed("disagreement", lambda: disagreement(firsts, n_pairs)),
        rng.uniform(0.4, 1, n_pairs),
        [PairKnowledge(ReplacementTest(*rng.normal(-0.1, 0.1, 2).tolist())) for _ in range(n_pairs)],
        watch.timed("nearest pairs", lambda: nearest_pairs(embeddings, query_p, reference_p)),
        {name: _labels(rng) for name in dict.fromkeys([*queries, *references])},
    )


def _labels(rng: np.random.Generator) -> list[str]:
    """Return an eighth of the attributes."""
    return [
        name for name, is_there in zip(ATTRIBUTES, rng.uniform(size=len(ATTRIBUTES)) < 1 / 8, strict=True) if is_there
    ]


def made_up_ids(n_pairs: int) -> list[str]:
    """Return the ids of the pairs."""
    return [f"{pair:016x}" for pair in range(n_pairs)]


def _answer(rng: np.random.Generator) -> dict[str, Any]:
    effect = float(rng.uniform(0.05, 0.3))
    attribute = None if rng.uniform() < 0.1 else ATTRIBUTES[int(rng.triangular(0, 0, len(ATTRIBUTES)))]
    known = {"effect_low": effect - 0.03, "effect_high": effect + 0.03, "p_value": 0.01, "agreement": 0.97}
    unknown = {"probability": None, "probability_of": None, "reason": None if attribute else "no_effect"}
    told = {"presence": "labels", "candidates": 5, "told_by": "pair", "leading_attribute": attribute or ATTRIBUTES[0]}
    return {"attribute": attribute, "effect": effect, **known, **unknown, **told}


def made_up_thumbnails(pairs: PairTable, image_size_px: int) -> tuple[dict[str, bytes], list[int | None]]:
    """Return a thumbnail of every query under a map and of every image, and where the maps are brightest."""
    rng = keyed_rng(0, "report thumbnails", len(pairs))
    files: dict[str, bytes] = {}
    bright: list[int | None] = []
    for pair_id in pairs.pair_ids:
        map_hw = _smooth_map(rng, image_size_px)
        files[query_thumbnail_path(pair_id)] = thumbnail(ShownImage(_pixels(rng, image_size_px)), map_hw)
        bright.append(bright_place(map_hw))
    for image_id in dict.fromkeys([*pairs.queries, *pairs.references]):
        files[image_thumbnail_path(image_id)] = thumbnail(ShownImage(_pixels(rng, image_size_px)))
    return files, bright


def _pixels(rng: np.random.Generator, side: int) -> npt.NDArray[np.uint8]:
    coarse = rng.integers(0, 256, (8, 8, 3)).repeat(-(-side // 8), axis=0).repeat(-(-side // 8), axis=1)[:side, :side]
    noisy: npt.NDArray[np.uint8] = np.clip(coarse + rng.normal(0, 8, (side, side, 3)), 0, 255).astype(np.uint8)
    return noisy


def _smooth_map(rng: np.random.Generator, side: int) -> npt.NDArray[np.float32]:
    y, x = np.mgrid[:side, :side] / side
    at_y, at_x = rng.uniform(0.2, 0.8, 2)
    shape: npt.NDArray[np.float32] = np.exp(-((y - at_y) ** 2 + (x - at_x) ** 2) / 0.05).astype(np.float32)
    return shape


def measure(n_pairs: int, image_size_px: int) -> tuple[dict[str, bytes], Stopwatch, int]:
    """Return the files of the report, CPU seconds by step, and the size of the ZIP in bytes."""
    watch = Stopwatch()
    pairs = made_up_pairs(n_pairs, watch)
    facts = RunFacts("made up", "none", 0, n_pairs, n_pairs, n_pairs, len(ATTRIBUTES), "2026-01-01T00:00:00+00:00")
    choice = {"variant": METHODS[3], "matched_effect": 0.1, "ci_low": 0.08, "ci_high": 0.12, "n": 100}
    choice |= {"top1_accuracy": 1.0, "undefined": 0, "is_chosen": True}
    answers = [answer for answer in pairs.answers if answer is not None]
    evidence = ReportEvidence(facts, pair_table=pairs, answers=answers, answer_choice=[choice])
    thumbnails, bright = watch.timed("thumbnails", lambda: made_up_thumbnails(pairs, image_size_px))
    files = watch.timed("pages", lambda: report_files(evidence, thumbnails, bright))
    data = watch.timed("ZIP", lambda: packed(files))
    return files, watch, len(data)


def measure_pages(n_pairs: int, image_size_px: int, photograph_px: int) -> tuple[dict[str, bytes], Stopwatch, int]:
    """Return the files of the pages of pairs, CPU seconds by step, and the size of their ZIP in bytes."""
    pairs, watch = made_up_pairs(n_pairs, Stopwatch()), Stopwatch()
    rng = keyed_rng(0, "report pages", n_pairs)
    pictures = {name: _pixels(rng, photograph_px) for name in dict.fromkeys([*pairs.queries, *pairs.references])}
    maps_pyx = [_smooth_map(rng, image_size_px) for _ in range(101)]
    files = watch.timed("pages of pairs", lambda: dict(page_files(pairs, pictures, maps_pyx)))
    data = watch.timed("their ZIP", lambda: packed(files))
    return files, watch, len(data)


def _print_sizes(name: str, files: dict[str, bytes], watch: Stopwatch, size_bytes: int) -> None:
    for step, seconds in watch.seconds.items():
        print(f"{step}: {seconds:.1f} s CPU")
    unpacked = sum(len(data) for data in files.values())
    print(
        f"{name}: {sum(watch.seconds.values()):.1f} s CPU, {len(files)} files, {unpacked / 1e6:.1f} MB as a folder, "
        f"{size_bytes / 1e6:.1f} MB as a ZIP"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--image-size-px", type=int, default=112)
    parser.add_argument("--photograph-px", type=int, help="also make pages of pairs, with photographs of this size")
    parser.add_argument("--out", type=Path, help="folder for the files, to be opened in a browser")
    asked = parser.parse_args()
    files, watch, size_bytes = measure(asked.pairs, asked.image_size_px)
    seconds_taken = sum(watch.seconds.values())
    _print_sizes("report", files, watch, size_bytes)
    for name in (OVERVIEW, GALLERY, GALLERY_DATA):
        print(f"{name}: {len(files[name]) / 1e6:.2f} MB")
    if asked.photograph_px:
        pages, watch, size_bytes = measure_pages(asked.pairs, asked.image_size_px, asked.photograph_px)
        _print_sizes("pages of pairs", pages, watch, size_bytes)
        files |= pages
    if asked.out:
        files[PAGED_PAIRS] = pages_script(made_up_ids(asked.pairs) if asked.photograph_px else ())
        for path, data in files.items():
            place = asked.out / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
    sys.exit(seconds_taken > LARGEST_CPU_SECONDS * max(asked.pairs, 1_000) / 10_000)


if __name__ == "__main__":
    main()
