"""Timing of generators that mask images, shared by their benchmarks: against bare passes of the same network."""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from pipeline.networks import fold_batch_norms
from pipeline.saliency.contract import SaliencyGenerator, SaliencyRequest
from pipeline.similarity.networks import build_embedding_network
from pipeline.similarity.scorer import SimilarityScorer

LARGEST_RATIO_TO_BARE = 1.25
LARGEST_RATIO_FIVE_TO_ONE = 1.10
REFERENCES = 5


@dataclass(frozen=True)
class Case:
    """A network with the images it is timed on."""

    network: str
    size_px: int
    batch: int


CASES = (Case("resnet18_three_stage", 112, 32), Case("small_residual", 64, 100))


@dataclass(frozen=True)
class Timing:
    """Seconds a pass, each with as many bare passes as it makes itself.

    Attributes:
        bare: the folded, channels-last network alone, in the same batches.
        one: the generator with one reference, mode fixed.
        five: with five references.
        both: with five references, all of them masked.
        passes: of mode fixed.
        passes_of_both: of mode both.
    """

    bare: float
    one: float
    five: float
    both: float
    passes: int
    passes_of_both: int

    def ratios(self) -> tuple[float, float, float, float]:
        """Return one / bare, five / one, both / bare a pass, and both / fixed in time."""
        longer = self.both * self.passes_of_both / (self.five * self.passes)
        return self.one / self.bare, self.five / self.one, self.both / self.bare, longer


Builder = Callable[[SimilarityScorer, int, str], SaliencyGenerator]


def measure(case: Case, build: Builder, args: argparse.Namespace) -> Timing:
    """Return the best or median times over interleaved repetitions."""
    folded = fold_batch_norms(build_embedding_network(case.network, 64)).to(args.device)
    folded = folded.to(memory_format=torch.channels_last)
    scorer = SimilarityScorer(folded, args.device, args.precision, case.batch)
    shape = (1 + REFERENCES, case.size_px, case.size_px, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    references = scorer.embed(pixels[1:])
    generators = {mode: build(scorer, case.size_px, mode) for mode in ("fixed", "both")}

    def run(mode: str, count: int) -> int:
        request = SaliencyRequest(
            "query", pixels[0], references[:count], None, tuple("abcde"[:count]), pixels[1 : 1 + count]
        )
        return generators[mode]([request])[0].forward_passes

    passes, passes_of_both = run("fixed", 1), run("both", REFERENCES)
    images = torch.randn(case.batch, 3, case.size_px, case.size_px, device=args.device)
    images = images.to(memory_format=torch.channels_last)

    def run_bare() -> int:
        autocast = torch.autocast(args.device.split(":")[0], torch.bfloat16, enabled=args.precision == "bfloat16")
        with torch.inference_mode(), autocast:
            for start in range(0, passes, case.batch):
                last = folded(images[: min(case.batch, passes - start)])
        last.cpu()  # waits for an accelerator
        return passes

    runs = (run_bare, lambda: run("fixed", 1), lambda: run("fixed", REFERENCES), lambda: run("both", REFERENCES))
    # What one thread computes is counted in CPU time, so that a busy machine makes it hardly longer.
    clock = time.process_time if args.device == "cpu" and args.threads == 1 else time.perf_counter
    bare, one, five, both = interleaved(runs, args.repetitions, args.median, clock)
    return Timing(bare, one, five, both, passes, passes_of_both)


def interleaved(
    runs: Sequence[Callable[[], int]], repetitions: int, median: bool, clock: Callable[[], float]
) -> list[float]:
    """Return the least or median seconds a pass of each run, which returns its passes; the first round warms up."""
    seconds: list[list[float]] = [[] for _ in runs]
    for repetition in range(repetitions + 1):
        for number, run in enumerate(runs):
            started = clock()
            passes = run()
            if repetition > 0:
                seconds[number].append((clock() - started) / passes)
    return [float(np.median(times) if median else min(times)) for times in seconds]


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of what both benchmarks can be told."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--median", action="store_true", help="medians of the repetitions instead of minima")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    return parser


def print_timings(timings: Sequence[tuple[Case, Timing]]) -> int:
    """Print a line per case, and return 1 where a bound is broken, else 0."""
    print(
        f"{'network':22} {'px':>4} {'batch':>5} {'bare ms':>8} {'ratio':>6} {'five / one':>10} "
        f"{'both, a pass':>12} {'both / fixed':>12} {'passes':>14}"
    )
    broken = False
    for case, timing in timings:
        one, five, both, longer = timing.ratios()
        broken |= one > LARGEST_RATIO_TO_BARE or five > LARGEST_RATIO_FIVE_TO_ONE or both > LARGEST_RATIO_TO_BARE
        print(
            f"{case.network:22} {case.size_px:4} {case.batch:5} {1e3 * timing.bare:8.3f} {one:6.3f} {five:10.3f} "
            f"{both:12.3f} {longer:12.3f} {timing.passes_of_both:6} / {timing.passes:5}"
        )
    print(f"bounds: {LARGEST_RATIO_TO_BARE}, {LARGEST_RATIO_FIVE_TO_ONE}: {'BROKEN' if broken else 'kept'}")
    return int(broken)
