"""Retrieval of models trained with and without similarity mining, at one budget (SAM, Tables 1 and 2, left).

    sane run CONFIG --until images
    python -m benchmarks.retrieval_tables CONFIG [--losses triplet] [--rows baseline printed] [--seeds 0 1 2] \\
        [--out rows.jsonl] [--set key=value ...]

Rows are losses times forms; network, batches, epochs and all else are those of the configuration's [similarity_model],
the same in every row. gamma, alpha and beta are those of [similarity_model.mining]: where there are several, each row
searches them on validation classes. Where the dataset's validation images are of training classes, `--held-out` of the
classes are taken from training instead; where its test images are, `--test-classes` of all classes are left to the test
split alone. Test classes choose nothing.
Trained rows are appended to `--out` as they end, and are not trained again when the command is repeated.

Recall@1 and MAP@R of every test image against all others, means over images with 95 % intervals that resample classes;
differences from the baseline of the same loss, and of several seeds means of all seeds, resampled likewise. Such an
interval says nothing of other trainings: differences in Recall@1 stand beside it seed by seed.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pytorch_metric_learning.distances import CosineSimilarity
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN

from flows.configured_runs import run_of_seed
from flows.engine.upstream import Upstream
from flows.settings.configuration import Settings
from flows.settings.file import load_settings
from pipeline.evaluation.bootstrap import clustered_interval
from pipeline.mining.names import LOSSES
from pipeline.mining.search import MinedModelResult, train_mined_model
from pipeline.mining.spec import MiningSpec, mining_candidates
from pipeline.mining.train import MinedTraining
from pipeline.networks import fold_batch_norms
from pipeline.randomness import keyed_rng
from pipeline.similarity.networks import build_embedding_network, load_network_state
from pipeline.similarity.scorer import SimilarityScorer
from pipeline.similarity.training.data import LabelledPixels, SimilarityTrainingSpec

# By row: form, maps, weight of the classification loss (SAM, Table 1: 0.25).
ROWS: Mapping[str, tuple[str, str, float]] = {
    "baseline": ("none", "similarity_attention", 0.0),
    "printed": ("printed", "similarity_attention", 0.0),
    "negated": ("negated", "similarity_attention", 0.0),
    "absolute": ("absolute", "similarity_attention", 0.0),
    "classification": ("none", "grad_cam", 0.25),
    "grad_cam": ("printed", "grad_cam", 0.25),
}
MEASURES = {"precision_at_1": "Recall@1", "mean_average_precision_at_r": "MAP@R"}
# Stripes are of another objective than those compared here.
_OWN_KEYS = ("objective", "seed", "stripes")
TRAINING_KEYS = [name for name in SimilarityTrainingSpec.__dataclass_fields__ if name not in _OWN_KEYS]


@dataclass(frozen=True)
class Splits:
    """Images to train on, to choose by, and to retrieve among."""

    train: LabelledPixels
    valid: LabelledPixels
    test: LabelledPixels


def read_splits(upstream: Upstream, held_out: float, test_classes: float) -> Splits:
    """Return the dataset's images; validation and test are of classes that training has not seen."""
    rows = {split: upstream.rows("images", "images", split) for split in ("train", "valid", "test")}
    number = {name: at for at, name in enumerate(sorted({row["label"] for found in rows.values() for row in found}))}
    train, valid, test = (
        LabelledPixels(
            upstream.arrays("images", "pixels", "pixels", split),
            np.array([number[row["label"]] for row in found], dtype=np.int64),
        )
        for split, found in rows.items()
    )
    if np.isin(test.classes_n, train.classes_n).any():
        train, valid, test = leave_to_test(Splits(train, valid, test), test_classes)
    if np.isin(valid.classes_n, train.classes_n).any():
        train, valid = hold_out_classes(train, held_out)
    return Splits(train, valid, test)


def leave_to_test(splits: Splits, share: float) -> tuple[LabelledPixels, LabelledPixels, LabelledPixels]:
    """Return training, validation and test images: those of a share of the classes (at least two) in test alone."""
    classes = np.unique(splits.train.classes_n)
    order = keyed_rng(0, "test classes").permutation(len(classes))
    left = classes[order[: max(round(share * len(classes)), 2)]]
    train, valid = (_of_classes(one, ~np.isin(one.classes_n, left)) for one in (splits.train, splits.valid))
    return train, valid, _of_classes(splits.test, np.isin(splits.test.classes_n, left))


def _of_classes(images: LabelledPixels, is_kept_n: np.ndarray) -> LabelledPixels:
    return LabelledPixels(images.pixels_nhwc[is_kept_n], images.classes_n[is_kept_n])


def hold_out_classes(train: LabelledPixels, share: float) -> tuple[LabelledPixels, LabelledPixels]:
    """Return training images without a share of their classes (at least two), and the images of these."""
    classes = np.unique(train.classes_n)
    order = keyed_rng(0, "held out classes").permutation(len(classes))
    away_n = np.isin(train.classes_n, classes[order[: max(round(share * len(classes)), 2)]])
    return _of_classes(train, ~away_n), _of_classes(train, away_n)


def row_task(settings: Settings, splits: Splits, row: str, loss: str, seed: int) -> MinedTraining:
    """Return the training of a row."""
    model = settings.similarity_model
    training = SimilarityTrainingSpec(objective="triplet", seed=seed, **model.model_dump(include=set(TRAINING_KEYS)))
    if loss == "contrastive" and "margin" not in model.model_fields_set:
        # Images of two classes are pushed apart up to here; the default is that of triplets.
        training = replace(training, margin=1.0)
    form, maps, classification_weight = ROWS[row]
    candidates = mining_candidates({**model.mining.model_dump(), "form": form})
    mining = MiningSpec(loss, form, maps, model.mining.layer, classification_weight, candidates)
    return MinedTraining(training, mining, splits.train, splits.valid, "cpu")


def retrieval_by_class(embeddings_nd: np.ndarray, classes_n: np.ndarray) -> dict[str, list[float]]:
    """Return each measure's mean over the images of each class, in the order of the classes' numbers."""
    calculator = AccuracyCalculator(
        include=tuple(MEASURES),
        k="max_bin_count",
        return_per_class=True,
        knn_func=CustomKNN(CosineSimilarity()),
        device=torch.device("cpu"),
    )
    embeddings, labels = torch.tensor(embeddings_nd), torch.tensor(classes_n)
    found = calculator.get_accuracy(embeddings, labels, embeddings, labels, ref_includes_query=True)
    return {measure: [float(value) for value in found[measure]] for measure in MEASURES}


def embed(training: SimilarityTrainingSpec, trained: MinedModelResult, pixels_nhwc: np.ndarray) -> np.ndarray:
    """Return unit embeddings (image, D) of the kept weights."""
    network = build_embedding_network(training.network, training.embedding_dim)
    load_network_state(network, trained.state, "the trained model")
    return SimilarityScorer(fold_batch_norms(network)).embed(pixels_nhwc)


def trained_row(task: MinedTraining, splits: Splits, named: dict[str, Any]) -> dict[str, Any]:
    """Train a row, and return its figures by class with what was chosen."""
    started = time.process_time()
    trained = train_mined_model(task)
    history = trained.histories[trained.chosen]
    best = history[trained.best_epochs[trained.chosen] - 1]
    return {
        **named,
        **asdict(task.mining.candidates[trained.chosen]),
        "epochs": sum(len(one) for one in trained.histories),
        "best_epoch": best["epoch"],
        "validation": best["validation_measure"],
        "last_mining_loss": history[-1]["mining_loss"],
        "cpu_seconds": time.process_time() - started,
        **retrieval_by_class(embed(task.training, trained, splits.test.pixels_nhwc), splits.test.classes_n),
    }


def digest_of(task: MinedTraining, splits: Splits) -> str:
    """Return what tells a row's training and images from others."""
    parts = [json.dumps([asdict(task.training), asdict(task.mining)], sort_keys=True).encode()]
    for split in (splits.train, splits.valid, splits.test):
        parts += [split.pixels_nhwc.tobytes(), split.classes_n.tobytes()]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:16]


def known_rows(out: Path | None) -> dict[str, dict[str, Any]]:
    """Return the rows of an earlier call by digest."""
    if out is None or not out.is_file():
        return {}
    return {row["digest"]: row for row in map(json.loads, out.read_text(encoding="utf-8").splitlines())}


def interval_text(means_sc: np.ndarray, images_c: np.ndarray, is_difference: bool = False) -> str:
    """Return the mean over images, and seeds if several, with its interval over classes, in per cent."""
    # A class's images at once: the interval sees no more of them than their sum.
    values_n = np.repeat(means_sc.mean(axis=0), images_c)
    clusters_n = np.repeat(np.arange(len(images_c)), images_c)
    found = clustered_interval(values_n, clusters_n, seed=0)
    sign = "+" if is_difference else ""
    return f"{100 * found.value:{sign}.1f} [{100 * found.low:{sign}.1f}, {100 * found.high:{sign}.1f}]"


def seeds_text(own: Mapping[int, dict[str, Any]], base: Mapping[int, dict[str, Any]], images_c: np.ndarray) -> str:
    """Return the difference in Recall@1 of each seed that has both, in per cent, means over images."""
    gains = [
        np.average(np.subtract(own[seed]["precision_at_1"], base[seed]["precision_at_1"]), weights=images_c)
        for seed in sorted(set(own) & set(base))
    ]
    return ", ".join(f"{100 * gain:+.1f}" for gain in gains)


def print_table(rows: Sequence[dict[str, Any]], images_c: np.ndarray) -> None:
    """Print a line for each loss and row, over their seeds."""
    print(f"\n{images_c.sum()} test images of {len(images_c)} classes\n")
    heads = [head for name in MEASURES.values() for head in (f"{name}, %", "less baseline")] + ["Recall@1 by seed"]
    print("| loss | row | seeds | " + " | ".join(heads) + " | validation | gamma, alpha, beta | CPU s a seed |")
    print("| --- | --- | --- |" + " ---: |" * (len(heads) + 3))
    for loss, row in dict.fromkeys((one["loss"], one["row"]) for one in rows):
        own = {one["seed"]: one for one in rows if (one["loss"], one["row"]) == (loss, row)}
        base = {one["seed"]: one for one in rows if (one["loss"], one["row"]) == (loss, "baseline")}
        shared = sorted(set(own) & set(base))
        cells = []
        for measure in MEASURES:
            cells.append(interval_text(np.array([one[measure] for one in own.values()]), images_c))
            differences = np.array([own[seed][measure] for seed in shared]) - np.array(
                [base[seed][measure] for seed in shared]
            )
            cells.append(interval_text(differences, images_c, True) if row != "baseline" and shared else "")
        cells.append(seeds_text(own, base, images_c) if row != "baseline" else "")
        chosen = "; ".join(f"{one['gamma']:g}, {one['alpha']:g}, {one['beta']:g}" for one in own.values())
        validation = 100 * np.mean([one["validation"] for one in own.values()])
        seconds = np.mean([one["cpu_seconds"] for one in own.values()])
        seeds = ", ".join(str(seed) for seed in own)
        mined = chosen if ROWS[row][0] != "none" else ""
        print(f"| {loss} | {row} | {seeds} | " + " | ".join(cells) + f" | {validation:.1f} | {mined} | {seconds:.0f} |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--losses", nargs="+", default=list(LOSSES), choices=list(LOSSES))
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--held-out", type=float, default=0.25, help="share of the classes for validation")
    parser.add_argument("--test-classes", type=float, default=0.4, help="share of the classes for test, if it has none")
    parser.add_argument("--out", type=Path, default=None, help="file of rows, a JSON object a line")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="key=value")
    options = parser.parse_args()
    settings = load_settings(options.config, options.overrides)
    torch.set_num_threads(settings.compute.threads or 1)
    upstream = run_of_seed(options.config, options.overrides, settings.seed).current()
    if "images" not in upstream.manifests:
        sys.exit(f"images are not current: sane run {options.config} --until images makes them")
    splits, known, rows = read_splits(upstream, options.held_out, options.test_classes), known_rows(options.out), []
    for seed in options.seeds:
        for loss in options.losses:
            for row in options.rows:
                task = row_task(settings, splits, row, loss, seed)
                digest = digest_of(task, splits)
                named = {"digest": digest, "loss": loss, "row": row, "seed": seed}
                found = known.get(digest) or trained_row(task, splits, named)
                if digest not in known and options.out is not None:
                    with options.out.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(found) + "\n")
                print(f"{loss} {row} seed {seed}: validation {found['validation']:.3f}", file=sys.stderr, flush=True)
                rows.append({**found, "row": row})
    _, images_c = np.unique(splits.test.classes_n, return_counts=True)
    # The calculator leaves out images without another of their class.
    images_c = images_c[images_c > 1]
    print_table(rows, images_c)
    return 0


if __name__ == "__main__":
    sys.exit(main())
