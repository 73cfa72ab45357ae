"""CPU time and memory of a training step with mining, as multiples of the same step without it, in one run.

    python -m benchmarks.mining_step [--network resnet18] [--size 112] [--batch 48] [--layer 0.6]

A mined step passes a batch twice forward and twice backward, and the gradients at the layer are differentiated, too.
Time is of one thread, the median of steps that take turns; memory is what a step keeps for its way back, weights
left out. The optimiser is among neither.
Exit status 1 where a mined step takes more than 3.2 times the time of a plain one.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Mapping

import numpy as np
import torch

from pipeline.images import normalise_pixels
from pipeline.mining.attention import attended_layer
from pipeline.mining.names import LOSSES
from pipeline.mining.pair_classifier import build_pair_classifier
from pipeline.mining.spec import MiningSpec, MiningWeights
from pipeline.mining.step import MinedModel, step_losses
from pipeline.similarity.networks import build_embedding_network

LARGEST_RATIO = 3.2
PER_CLASS = 4
WEIGHTS = MiningWeights(0.25, 10.0, 0.5)
# By row: whether it mines, and on which maps.
ROWS: Mapping[str, tuple[str, str]] = {
    "metric loss": ("none", "similarity_attention"),
    "mining": ("printed", "similarity_attention"),
    "classification": ("none", "grad_cam"),
    "mining on Grad-CAM": ("printed", "grad_cam"),
}


def training_step(row: str, loss: str, options: argparse.Namespace) -> tuple[torch.nn.Module, Callable[[int], None]]:
    """Return a network, and its step, forward and backward, of so many images."""
    form, maps = ROWS[row]
    spec = MiningSpec(loss, form, maps, options.layer, 0.25 if maps == "grad_cam" else 0.0, (WEIGHTS,))
    network = build_embedding_network(options.network, 64).to(memory_format=torch.channels_last)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (options.batch, options.size, options.size, 3), dtype=np.uint8)
    layer = attended_layer(network, spec.layer, normalise_pixels(pixels[:2])) if spec.mines else None
    classifier = build_pair_classifier(64, 0) if maps == "grad_cam" else None
    model = MinedModel(network.train(), classifier, layer, maps == "grad_cam")

    def step(images: int) -> None:
        batch = normalise_pixels(pixels[:images]), torch.arange(images) // PER_CLASS
        network.zero_grad(set_to_none=True)
        step_losses(model, spec, WEIGHTS, 0.2, batch).total.backward()  # type: ignore[no-untyped-call]

    return network, step


def cpu_seconds(loss: str, options: argparse.Namespace) -> dict[str, float]:
    """Return the median seconds of a step by row; rows take turns, so that all see the same machine."""
    steps = {row: training_step(row, loss, options)[1] for row in ROWS}
    taken: dict[str, list[float]] = {row: [] for row in ROWS}
    for turn in range(options.steps + 1):
        for row, step in steps.items():
            before = time.process_time()
            step(options.batch)
            if turn > 0:
                taken[row].append(time.process_time() - before)
    return {row: statistics.median(seconds) for row, seconds in taken.items()}


def kept_mb(row: str, loss: str, options: argparse.Namespace) -> float:
    """Return what a step keeps for its way back, MB: the storage of all saved tensors but weights, each once."""
    network, step = training_step(row, loss, options)
    weights = {parameter.untyped_storage().data_ptr() for parameter in network.parameters()}
    kept: dict[int, int] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        step(options.batch)
    return sum(kept.values()) / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", default="resnet18")
    parser.add_argument("--size", type=int, default=112, help="side of the images, px")
    parser.add_argument("--batch", type=int, default=48, help="images of a step")
    parser.add_argument("--steps", type=int, default=5, help="timed steps of each row")
    parser.add_argument("--layer", default=None)
    parser.add_argument("--losses", nargs="+", default=list(LOSSES), choices=list(LOSSES))
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("| loss | step | CPU s | times the metric loss | kept, MB | times |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    largest = 0.0
    for loss in options.losses:
        seconds = cpu_seconds(loss, options)
        memory = {row: kept_mb(row, loss, options) for row in ROWS}
        plain_s, plain_mb = seconds["metric loss"], memory["metric loss"]
        for row in ROWS:
            ratio = seconds[row] / plain_s
            largest = max(largest, ratio)
            memories = f"{memory[row]:.0f} | {memory[row] / plain_mb:.2f}"
            print(f"| {loss} | {row} | {seconds[row]:.3f} | {ratio:.2f} | {memories} |", flush=True)
    print(f"bound: {LARGEST_RATIO} times the time: {'BROKEN' if largest > LARGEST_RATIO else 'kept'}")
    return int(largest > LARGEST_RATIO)


if __name__ == "__main__":
    sys.exit(main())
