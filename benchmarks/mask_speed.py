"""Mask on a batch of pairs against the bare forward and backward passes of the same network, and one pair at a time.

The bare passes are of the same images in the same batches, with gradients of the images only. Noise is timed alone.
"""

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np
import torch

from pipeline.networks import fold_batch_norms
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.learned_mask.declaration import MaskSpec
from pipeline.saliency.learned_mask.maps import build_learned_mask
from pipeline.similarity.networks import build_embedding_network
from pipeline.similarity.scorer import SimilarityScorer

LARGEST_RATIO_TO_BARE = 2.2
CASES = (("resnet18_three_stage", 112, 1), ("small_residual", 64, 5))  # network, px, times --iterations


def measure_case(
    network: str, size_px: int, mode: str, iterations: int, args: argparse.Namespace
) -> tuple[float, float, float, float]:
    """Return the best times of (bare, Mask, Mask pair by pair, noise) in seconds a pair and iteration."""
    folded = fold_batch_norms(build_embedding_network(network, 64)).requires_grad_(False).to(args.device)
    folded = folded.to(memory_format=torch.channels_last)
    shown = 2 if mode == "both" else 1
    scorer = SimilarityScorer(folded, args.device, args.precision, batch_size=shown * args.pairs)
    pixels = np.random.default_rng(0).integers(0, 256, (args.pairs + 1, size_px, size_px, 3), dtype=np.uint8)
    references, ids = scorer.embed(pixels[1:]), tuple(str(number) for number in range(args.pairs))
    request = SaliencyRequest("query", pixels[0], references, None, ids, pixels[1:])
    spec = MaskSpec(iterations, pairs_per_batch=args.pairs)
    together, one_by_one = (
        build_learned_mask(MaskSpec(iterations, pairs_per_batch=pairs), mode, scorer) for pairs in (args.pairs, 1)
    )
    count = shown * args.pairs
    images = torch.randn(count, 3, size_px, size_px, device=args.device).to(memory_format=torch.channels_last)

    def run_bare() -> None:
        for _ in range(spec.iterations):
            leaf = images.detach().requires_grad_()
            autocast = torch.autocast(args.device.split(":")[0], torch.bfloat16, enabled=args.precision == "bfloat16")
            with autocast:
                vectors = folded(leaf)
            [last] = torch.autograd.grad(vectors.float().sum(), leaf)
        last.cpu()  # waits for an accelerator

    def run_noise() -> None:
        generators = [np.random.Generator(np.random.Philox(number)) for number in range(count)]
        buffer = np.empty((count, size_px, size_px, 3), np.float32)
        for _ in range(spec.iterations):
            for row, generator in enumerate(generators):
                generator.standard_normal(dtype=np.float32, out=buffer[row])

    runs: tuple[Callable[[], object], ...] = (
        run_bare,
        lambda: together([request]),
        lambda: one_by_one([request]),
        run_noise,
    )
    seconds: list[list[float]] = [[] for _ in runs]
    for repetition in range(args.repetitions + 1):
        for number, run in enumerate(runs):
            started = time.perf_counter()
            run()
            if repetition > 0:  # the first round warms up
                seconds[number].append((time.perf_counter() - started) / args.pairs / spec.iterations)
    bare, batch, alone, noise = (min(times) for times in seconds)
    return bare, batch, alone, noise


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=6, help="at 112 px; five times as many at 64 px")
    parser.add_argument("--pairs", type=int, default=32, help="of a batch")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(
        f"{'network':22} {'px':>4} {'mode':>5} {'bare ms':>8} {'Mask ms':>8} {'ratio':>6} {'alone / batch':>13} noise"
    )
    broken = False
    for network, size_px, times in CASES:
        for mode in ("fixed", "both"):
            bare, batch, alone, noise = measure_case(network, size_px, mode, times * args.iterations, args)
            broken |= batch / bare > LARGEST_RATIO_TO_BARE
            milliseconds = f"{1e3 * bare:8.3f} {1e3 * batch:8.3f} {batch / bare:6.3f}"
            print(
                f"{network:22} {size_px:4} {mode:>5} {milliseconds} {alone / batch:13.2f} {noise / batch:5.0%}",
                flush=True,
            )
    print(f"bound of the ratio: {LARGEST_RATIO_TO_BARE}: {'BROKEN' if broken else 'kept'}")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
