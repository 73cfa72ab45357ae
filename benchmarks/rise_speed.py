"""RISE end to end against the bare forward passes of the same network, and five references against one."""

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np
import torch

from pipeline.networks import fold_batch_norms
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.rise import RiseSpec, build_rise
from pipeline.similarity.networks import build_embedding_network
from pipeline.similarity.scorer import SimilarityScorer

LARGEST_RATIO_TO_BARE = 1.25
LARGEST_RATIO_FIVE_TO_ONE = 1.10
CASES = (("resnet18_three_stage", 112, 32, 1), ("small_residual", 64, 100, 5))  # network, px, batch, times --masks


def measure_case(network: str, size_px: int, batch: int, masks: int, args: argparse.Namespace) -> tuple[float, ...]:
    """Return the best or median times of (bare, RISE with one reference, RISE with five) in seconds a mask."""
    folded = fold_batch_norms(build_embedding_network(network, 64)).to(args.device)
    folded = folded.to(memory_format=torch.channels_last)
    scorer = SimilarityScorer(folded, args.device, args.precision, batch)
    pixels = np.random.default_rng(0).integers(0, 256, (6, size_px, size_px, 3), dtype=np.uint8)
    references = scorer.embed(pixels[1:])
    generator = build_rise(RiseSpec(masks=masks), scorer, size_px)
    images = torch.randn(batch, 3, size_px, size_px, device=args.device).to(memory_format=torch.channels_last)

    def run_bare() -> None:
        autocast = torch.autocast(args.device.split(":")[0], torch.bfloat16, enabled=args.precision == "bfloat16")
        with torch.inference_mode(), autocast:
            for start in range(0, masks, batch):
                last = folded(images[: min(batch, masks - start)])
        last.cpu()  # waits for an accelerator

    def run_rise(count: int) -> None:
        generator([SaliencyRequest("query", pixels[0], references[:count])])

    runs: tuple[Callable[[], None], ...] = (run_bare, lambda: run_rise(1), lambda: run_rise(5))
    seconds: list[list[float]] = [[], [], []]
    for repetition in range(args.repetitions + 1):
        for number, run in enumerate(runs):
            started = time.perf_counter()
            run()
            if repetition > 0:  # the first round warms up
                seconds[number].append((time.perf_counter() - started) / masks)
    return tuple(float(np.median(times) if args.median else min(times)) for times in seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--masks", type=int, default=96, help="masks at 112 px; five times as many at 64 px")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--median", action="store_true", help="medians of the repetitions instead of minima")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(f"{'network':22} {'px':>4} {'batch':>5} {'bare ms':>8} {'RISE ms':>8} {'ratio':>6} {'five / one':>10}")
    broken = False
    for network, size_px, batch, times in CASES:
        bare, one, five = measure_case(network, size_px, batch, times * args.masks, args)
        broken |= one / bare > LARGEST_RATIO_TO_BARE or five / one > LARGEST_RATIO_FIVE_TO_ONE
        milliseconds = f"{1e3 * bare:8.3f} {1e3 * one:8.3f}"
        print(f"{network:22} {size_px:4} {batch:5} {milliseconds} {one / bare:6.3f} {five / one:10.3f}")
    print(f"bounds: {LARGEST_RATIO_TO_BARE}, {LARGEST_RATIO_FIVE_TO_ONE}: {'BROKEN' if broken else 'kept'}")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
