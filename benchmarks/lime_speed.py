"""LIME end to end, segmentation and regression included, against the bare forward passes of its samples.

The bare passes are as many as there are samples; samples that repeat an earlier one share its pass, so in images of
few superpixels LIME costs less than they.
"""

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from skimage import data
from skimage.transform import resize

from pipeline.networks import fold_batch_norms
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.lime.declaration import LimeSpec, SuperpixelSpec
from pipeline.saliency.lime.maps import build_lime
from pipeline.saliency.lime.superpixels import find_superpixels
from pipeline.similarity.networks import build_embedding_network
from pipeline.similarity.scorer import SimilarityScorer

LARGEST_RATIO_TO_BARE = 1.30
LARGEST_RATIO_FIVE_TO_ONE = 1.10
# Network, px, batch, quickshift's kernel: the second small image is cut finely, so that hardly any sample repeats.
CASES = (
    ("resnet18_three_stage", 112, 32, 4.0),
    ("small_residual", 64, 100, 4.0),
    ("small_residual", 64, 100, 2.0),
)


def photograph(size_px: int) -> np.ndarray:
    """Return uint8 (y, x, 3): quickshift's time and its superpixels are those of a photograph, not of noise."""
    resized = resize(data.astronaut(), (size_px, size_px), anti_aliasing=True)  # type: ignore[no-untyped-call]
    return np.asarray((resized * 255).astype(np.uint8))


def timed(runs: tuple[Callable[[], object], ...], repetitions: int, median: bool) -> list[float]:
    """Return the least or median seconds of each; the runs take turns, and the first round only warms up."""
    seconds: list[list[float]] = [[] for _ in runs]
    for repetition in range(repetitions + 1):
        for number, run in enumerate(runs):
            started = time.perf_counter()
            run()
            if repetition > 0:
                seconds[number].append(time.perf_counter() - started)
    return [float(np.median(times) if median else min(times)) for times in seconds]


def measure_case(network: str, size_px: int, batch: int, kernel: float, args: argparse.Namespace) -> bool:
    """Print a line and return whether a bound is broken."""
    folded = fold_batch_norms(build_embedding_network(network, 64)).to(args.device)
    folded = folded.to(memory_format=torch.channels_last)
    scorer = SimilarityScorer(folded, args.device, args.precision, batch)
    pixels = photograph(size_px)
    references = scorer.embed(np.random.default_rng(0).integers(0, 256, (5, size_px, size_px, 3), dtype=np.uint8))
    spec = LimeSpec(args.samples, superpixels=SuperpixelSpec(kernel_size=kernel))
    generator = build_lime(spec, scorer)
    requests = [SaliencyRequest("query", pixels, references[:count]) for count in (1, 5)]
    passes = generator([requests[0]])[0].forward_passes
    images = torch.randn(batch, 3, size_px, size_px, device=args.device).to(memory_format=torch.channels_last)

    def run_bare() -> None:
        autocast = torch.autocast(args.device.split(":")[0], torch.bfloat16, enabled=args.precision == "bfloat16")
        with torch.inference_mode(), autocast:
            for start in range(0, args.samples, batch):
                last = folded(images[: min(batch, args.samples - start)])
        last.cpu()  # waits for an accelerator

    runs = (
        run_bare,
        lambda: generator([requests[0]]),
        lambda: generator([requests[1]]),
        lambda: find_superpixels(pixels, spec.superpixels),
    )
    bare, one, five, segmentation = timed(runs, args.repetitions, args.median)
    superpixels = int(find_superpixels(pixels, spec.superpixels).max()) + 1
    print(
        f"{network:22} {size_px:4} {superpixels:11} {passes:6} {bare:7.3f} {segmentation:12.3f} {one:7.3f} "
        f"{one / bare:6.3f} {five / one:10.3f}",
        flush=True,
    )
    return one / bare > LARGEST_RATIO_TO_BARE or five / one > LARGEST_RATIO_FIVE_TO_ONE


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--median", action="store_true", help="medians of the repetitions instead of minima")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    heads = f"{'bare s':>7} {'quickshift s':>12} {'LIME s':>7} {'ratio':>6} {'five / one':>10}"
    print(f"{'network':22} {'px':>4} {'superpixels':>11} {'passes':>6} {heads}")
    broken = [measure_case(*case, args) for case in CASES]
    print(f"bounds: {LARGEST_RATIO_TO_BARE}, {LARGEST_RATIO_FIVE_TO_ONE}: {'BROKEN' if any(broken) else 'kept'}")
    return int(any(broken))


if __name__ == "__main__":
    sys.exit(main())
