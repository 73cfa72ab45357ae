"""How much of training an attribute predictor with maps is spent on its data: CPU seconds of one thread, by part.

    sane run CONFIG --until saliency_maps.train.rise.fixed
    python -m benchmarks.training_data_speed CONFIG [--epochs 2] [--set key=value ...]

Read once: labels, pixels, and the cached maps, which are kept at a quarter of the image's side, brought to the
predictor's grid. In every epoch: batches gathered, pixels made floats with the mean of ImageNet taken off.
Exit status 1 where preparing batches takes more than a tenth of an epoch.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from flows.configured_runs import run_of_seed
from flows.engine.upstream import Upstream
from flows.readers.normalised_maps import read_normalised_maps
from flows.readers.pair_frame import PairFrame, read_pair_frame
from flows.settings.configuration import Settings
from flows.settings.file import load_settings
from pipeline.attributes.networks import GRID_CELLS
from pipeline.attributes.training import AttributeTrainingSpec, TrainingData, train_attribute_predictor
from pipeline.explanation.normalise_map import map_normalisation
from pipeline.images import normalise_pixels

LARGEST_SHARE = 0.10


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the processor's seconds that the work takes."""
    before = time.process_time()
    work()
    return time.process_time() - before


def placed_targets(frame: PairFrame, maps_pcc: np.ndarray) -> np.ndarray:
    """Return float32 (image, reference slot, cell, cell): an image's maps in the order of its pairs, NaN elsewhere."""
    slots = int(np.bincount(frame.query_p).max())
    targets_nkcc = np.full((len(frame.image_ids), slots, GRID_CELLS, GRID_CELLS), np.nan, dtype=np.float32)
    filled = np.zeros(len(frame.image_ids), dtype=np.int64)
    for query, map_cc in zip(frame.query_p, maps_pcc, strict=True):
        targets_nkcc[query, filled[query]] = map_cc
        filled[query] += 1
    return targets_nkcc


def prepare_batches(data: TrainingData, batch_size: int) -> int:
    """Do to the data what an epoch does before its passes; return the number of batches."""
    order = np.random.default_rng(0).permutation(len(data.pixels_nhwc))
    starts = range(0, len(order), batch_size)
    for start in starts:
        rows = order[start : start + batch_size]
        normalise_pixels(data.pixels_nhwc[rows])
        torch.from_numpy(data.labels_na[rows])
        if data.targets_nkcc is not None:
            torch.from_numpy(data.targets_nkcc[rows])
    return len(starts)


def read_split(upstream: Upstream, split: str, targets_nkcc: np.ndarray | None) -> TrainingData:
    """Return a split's images and labels with these targets."""
    frame = read_pair_frame(upstream, split)
    return TrainingData(upstream.arrays("images", "pixels", "pixels", split), frame.labels_na, targets_nkcc)


def read_upstream(config: Path, overrides: Sequence[str]) -> tuple[Settings, Upstream, str]:
    """Return the settings, a reader of what is current, and the stage of the training maps."""
    settings = load_settings(config, overrides)
    upstream = run_of_seed(config, overrides, settings.seed).current()
    maps = f"saliency_maps.train.{settings.saliency.supervision}.fixed"
    missing = [stage for stage in ("images", "pairs.train", maps) if stage not in upstream.manifests]
    if missing:
        sys.exit(f"not current: {', '.join(missing)}; sane run {config} --until {maps} makes them")
    return settings, upstream, maps


def measured(settings: Settings, upstream: Upstream, maps: str, epochs: int) -> list[float]:
    """Return the seconds of reading images and maps, of an epoch, and of preparing its batches."""
    model = settings.attribute_model
    normalisation = map_normalisation(model.map_normalisation, model.map_temperature)
    frame = read_pair_frame(upstream, "train")
    # Once before, so that what is imported on first use is not counted.
    targets_nkcc = placed_targets(frame, read_normalised_maps(upstream, maps, frame.pair_ids, normalisation))
    train, valid = read_split(upstream, "train", targets_nkcc), read_split(upstream, "valid", None)
    spec = AttributeTrainingSpec(
        backbone=model.backbone,
        epochs=epochs,
        batch_size=model.batch_size,
        heatmap_weight=model.heatmap_weight,
        huber_reduction=model.huber_reduction,
    )
    return [
        cpu_seconds(lambda: read_split(upstream, "train", None)),
        cpu_seconds(lambda: read_normalised_maps(upstream, maps, frame.pair_ids, normalisation)),
        cpu_seconds(lambda: train_attribute_predictor(spec, train, valid, "cpu")) / epochs,
        cpu_seconds(lambda: prepare_batches(train, model.batch_size)),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="key=value")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    settings, upstream, maps = read_upstream(arguments.config, arguments.overrides)
    images_s, maps_s, epoch_s, batches_s = measured(settings, upstream, maps, arguments.epochs)
    share = batches_s / epoch_s
    print("| reading images, once | reading maps, once | an epoch, validation included | of it preparing batches |")
    print("| ---: | ---: | ---: | ---: |")
    print(f"| {images_s:.3f} | {maps_s:.3f} | {epoch_s:.2f} | {batches_s:.3f}, {100 * share:.1f} % |")
    return int(share > LARGEST_SHARE)


if __name__ == "__main__":
    sys.exit(main())
