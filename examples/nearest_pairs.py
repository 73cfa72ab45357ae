"""A list of the model's own matches: each test query with the images of its label that the model finds most similar.

    sane run CONFIG --until embeddings
    python examples/nearest_pairs.py CONFIG nearest.txt [--queries 120] [--references 5] [--set key=value]
    sane run CONFIG --set pairs.file=nearest.txt

Sampled pairs match by label; these match by the model's own word as well, so there is a match to explain.
Queries are taken in the order of their ids' hashes, alike for every model.
"""

import argparse
from hashlib import sha256
from pathlib import Path

import numpy as np

from flows.configured_runs import configured_runs
from flows.engine.upstream import Upstream
from flows.settings.file import load_settings


def nearest_pairs(
    ids: list[str], labels: list[str], embeddings_nd: np.ndarray, queries: int, references: int
) -> list[tuple[str, str]]:
    """Return (query, reference) pairs, most similar reference first; a query alone in its label has none.

    Args:
        ids: of the images.
        labels: of the images.
        embeddings_nd: float (image, D), unit norm.
        queries: most queries.
        references: most references of each.
    """
    label_n = np.array(labels)
    chosen = sorted(range(len(ids)), key=lambda number: sha256(ids[number].encode()).digest())[:queries]
    pairs = []
    for query in chosen:
        similarities_n = embeddings_nd @ embeddings_nd[query]
        candidates = np.flatnonzero((label_n == label_n[query]) & (np.arange(len(ids)) != query))
        order = candidates[np.argsort(-similarities_n[candidates], kind="stable")][:references]
        pairs += [(ids[query], ids[reference]) for reference in order]
    return pairs


def read_test_embeddings(upstream: Upstream) -> tuple[list[str], list[str], np.ndarray]:
    """Return ids, labels and unit-norm embeddings (image, D) of the test images."""
    images = upstream.table("images", "images", "test")
    label_of = dict(zip(images["image_id"].to_pylist(), images["label"].to_pylist(), strict=True))
    ids: list[str] = upstream.table("embeddings", "image_embeddings", "test")["image_id"].to_pylist()
    return ids, [label_of[name] for name in ids], upstream.arrays("embeddings", "embeddings", "embeddings", "test")


def main() -> None:
    """Write the list."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--queries", type=int, default=120)
    parser.add_argument("--references", type=int, default=5)
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    words = parser.parse_args()
    upstream = configured_runs(load_settings(words.config, words.overrides))[0].current()
    if "embeddings" not in upstream.manifests:
        parser.error(f"no embeddings yet: sane run {words.config} --until embeddings, with the same --set")
    ids, labels, embeddings_nd = read_test_embeddings(upstream)
    spaced = [name for name in ids if len(name.split()) != 1]
    if spaced:
        parser.error(f"a list of pairs separates ids by spaces, and the id {spaced[0]!r} holds one")
    pairs = nearest_pairs(ids, labels, embeddings_nd, words.queries, words.references)
    words.file.write_text("".join(f"{query} {reference} 1\n" for query, reference in pairs), encoding="utf-8")
    print(f"{len(pairs)} pairs in {words.file}; explain them with --set pairs.file={words.file}")


if __name__ == "__main__":
    main()
