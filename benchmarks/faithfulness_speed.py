"""Insertion and deletion of a pair against the plain loop over steps: one image made, one pass made, one score taken.

The loop runs the network as it was trained and, for comparison, the pipeline's own (batch norms folded, channels last).
Pairs with maps of their own and pairs that share one map, as the references of a query do for the controls.
The bare forward passes of the pairs, in batches, are the floor: pairs with maps of their own cannot cost less, however
their images are made. How far it lies below the loop is what a device gains from batches.
"""

import argparse
import copy
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from pipeline.evaluation.faithfulness import faithfulness_of_query
from pipeline.images import IMAGENET_DEVIATION_RGB, IMAGENET_MEAN_RGB
from pipeline.networks import fold_batch_norms
from pipeline.similarity.networks import build_embedding_network
from pipeline.similarity.scorer import SimilarityScorer

SMALLEST_SPEED_UP = 5.0
LARGEST_RATIO_TO_BARE = 1.15
REFERENCES = 5
STEPS = 100
PASSES = 2 + 2 * (STEPS - 1) * REFERENCES
CANVAS = (127, 127, 127)
LARGEST_DIFFERENCE = 1e-4
CASES = (("resnet18_three_stage", 112, 32), ("small_residual", 64, 100))  # network, px, batch


def curves_by_loop(
    network: nn.Module, pixels_hwc: np.ndarray, map_hw: np.ndarray, reference_d: np.ndarray, device: str
) -> np.ndarray:
    """Return insertion and deletion (2, STEPS + 1) of one pair, a step at a time."""
    order = np.argsort(-map_hw.ravel(), kind="stable")
    flat = pixels_hwc.reshape(-1, 3)
    reference = torch.tensor(reference_d, device=device)
    mean = torch.tensor(IMAGENET_MEAN_RGB, device=device)[:, None, None]
    deviation = torch.tensor(IMAGENET_DEVIATION_RGB, device=device)[:, None, None]
    scores = np.empty((2, STEPS + 1))
    for row, inserts in enumerate((True, False)):
        for step in range(STEPS + 1):
            top = order[: round(step * len(order) / STEPS)]
            changed = np.tile(np.array(CANVAS, dtype=np.uint8), (len(flat), 1)) if inserts else flat.copy()
            changed[top] = flat[top] if inserts else CANVAS
            image = torch.from_numpy(changed.reshape(pixels_hwc.shape)).to(device).permute(2, 0, 1)
            with torch.inference_mode():
                vector = network(((image.float() / 255 - mean) / deviation)[None])[0]
                scores[row, step] = float(vector @ reference / vector.norm())
    return scores


def timed(runs: tuple[tuple[Callable[[], object], int], ...], repetitions: int, median: bool) -> list[float]:
    """Return the least or median seconds a pair of each; they take turns, and the first round only warms up."""
    seconds: list[list[float]] = [[] for _ in runs]
    for repetition in range(repetitions + 1):
        for number, (run, pairs) in enumerate(runs):
            started = time.perf_counter()
            run()
            if repetition > 0:
                seconds[number].append((time.perf_counter() - started) / pairs)
    return [float(np.median(times) if median else min(times)) for times in seconds]


def measure_case(network: str, size_px: int, batch: int, args: argparse.Namespace) -> tuple[float, float]:
    """Print seconds a pair; return the speed-up and the ratio to bare passes of pairs with maps of their own."""
    trained = build_embedding_network(network, 64).eval()
    folded = fold_batch_norms(copy.deepcopy(trained)).to(args.device).to(memory_format=torch.channels_last)
    trained = trained.to(args.device)
    scorer = SimilarityScorer(folded, args.device, batch_size=batch)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (1 + REFERENCES, size_px, size_px, 3), dtype=np.uint8)
    references, maps = scorer.embed(pixels[1:]), rng.random((REFERENCES, size_px, size_px))
    shared = np.repeat(maps[:1], REFERENCES, axis=0)
    images = torch.randn(batch, 3, size_px, size_px, device=args.device).to(memory_format=torch.channels_last)

    def loop(of: nn.Module) -> np.ndarray:
        return curves_by_loop(of, pixels[0], maps[0], references[0], args.device)

    def ours(of: np.ndarray) -> np.ndarray:
        curves = faithfulness_of_query(scorer, pixels[0], of, references, CANVAS, (0, "query"), STEPS).curves
        return np.stack([curves[0].insertion_curve, curves[0].deletion_curve])

    def bare() -> None:
        with torch.inference_mode():
            for start in range(0, PASSES, batch):
                last = folded(images[: min(batch, PASSES - start)])
        last.cpu()  # waits for an accelerator

    difference = np.abs(ours(maps) - loop(trained)).max()
    if difference > LARGEST_DIFFERENCE:
        raise SystemExit(f"the two disagree by {difference}: nothing to compare")
    runs = (
        (lambda: loop(trained), 1),
        (lambda: loop(folded), 1),
        (bare, REFERENCES),
        (lambda: ours(maps), REFERENCES),
        (lambda: ours(shared), REFERENCES),
    )
    plain, plain_folded, floor, own, one_map = timed(runs, args.repetitions, args.median)
    figures = f"{plain:7.3f} {plain_folded:7.3f} {floor:7.3f} {own:7.3f} {one_map:7.3f}"
    ratios = f"{plain / own:8.2f} {plain_folded / own:7.2f} {plain / one_map:7.2f} {own / floor:7.3f}"
    print(f"{network:22} {size_px:4} {figures} {ratios}", flush=True)
    return plain / own, own / floor


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--median", action="store_true", help="medians of the repetitions instead of minima")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(
        "seconds a pair: the loop, with the folded network, bare passes, ours with a map a pair, with one map for all;"
    )
    print("ratios: loop / ours, folded loop / ours, loop / ours with one map, ours / bare")
    print(f"{'network':22} {'px':>4}    loop  folded    bare    ours one map  speed-up folded one map to bare")
    measured = [measure_case(*case, args) for case in CASES]
    is_slow = min(speed_up for speed_up, _ in measured) < SMALLEST_SPEED_UP
    is_heavy = max(ratio for _, ratio in measured) > LARGEST_RATIO_TO_BARE
    print(f"speed-up of {SMALLEST_SPEED_UP}: {'MISSED' if is_slow else 'reached'}")
    print(f"{LARGEST_RATIO_TO_BARE} times the bare passes: {'BROKEN' if is_heavy else 'kept'}")
    return int(is_slow or is_heavy)


if __name__ == "__main__":
    sys.exit(main())
