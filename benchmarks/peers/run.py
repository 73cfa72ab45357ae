"""Our saliency generators and their peers in one run: time as ratios to bare passes, and agreement of the maps.

The yardstick is the same network with batch norms folded and channels last, alone, as many passes as a method
perturbs. CPU time of one thread; contenders take turns. Peers get the network as it is built, like any user's, and
our batch size. A peer that is not installed is named and left out.
"""

import argparse
import sys
import warnings
from collections.abc import Callable

import cv2
import torch
from threadpoolctl import threadpool_limits

from benchmarks.peers.agreement import Agreement, compare_maps
from benchmarks.peers.comparison import Comparison
from benchmarks.peers.installed import announce_peers
from benchmarks.peers.rows_gradients import compare_grad_cam, compare_mask
from benchmarks.peers.rows_lime import compare_lime
from benchmarks.peers.rows_rise import compare_rise
from benchmarks.peers.rows_windows import compare_modes, compare_sliding_window
from benchmarks.peers.timing import measure
from benchmarks.peers.workbench import Workbench, build_workbench
from benchmarks.perturbation_speed import CASES

# Passes of the small network are so short that fewer would be lost in what happens once a map.
TIMES = {"resnet18_three_stage": 1, "small_residual": 5}
METHODS = ("rise", "sliding_window", "both", "lime", "mask", "grad_cam", "agreement")


def comparisons(bench: Workbench, args: argparse.Namespace) -> dict[str, Comparison]:
    """Return what is timed, by the names that --methods takes."""
    times = TIMES[bench.case.network]
    builders: dict[str, Callable[[], Comparison]] = {
        "rise": lambda: compare_rise(bench, times * args.masks),
        "sliding_window": lambda: compare_sliding_window(bench, args.windows_per_side),
        "both": lambda: compare_modes(bench, args.both_masks, args.windows_per_side),
        "lime": lambda: compare_lime(bench, args.samples),
        "mask": lambda: compare_mask(bench, args.pairs, args.pairs_alone, times * args.iterations),
        "grad_cam": lambda: compare_grad_cam(bench),
    }
    return {name: build() for name, build in builders.items() if name in args.methods}


def print_comparison(comparison: Comparison, args: argparse.Namespace) -> None:
    """Time a comparison and print its rows and goals."""
    repetitions = 1 if comparison.title == "mode both" else args.repetitions
    seconds = measure(comparison.contenders, repetitions)
    yardstick = seconds[comparison.contenders[0].name]
    print(f"\n| {comparison.title} | N | ms / N | ratio to bare |\n| --- | ---: | ---: | ---: |")
    for contender in comparison.contenders:
        each = seconds[contender.name]
        print(f"| {contender.name} | {contender.passes} | {1e3 * each:.3f} | {each / yardstick:.2f} |")
    print()
    for goal in comparison.goals:
        sign = "<=" if goal.is_upper else ">="
        word = "reached" if goal.is_reached(seconds) else "MISSED"
        print(f"* {goal.text}: {goal.ratio(seconds):.3f}, goal {sign} {goal.bound:g}: {word}", flush=True)


def print_agreements(agreements: list[Agreement]) -> None:
    """Print how well maps agree, and why where they do not."""
    print("\n| peer | given | rank correlation | largest difference | where they differ |")
    print("| --- | --- | ---: | ---: | --- |")
    for agreement in agreements:
        print(
            f"| {agreement.peer} | {agreement.given} | {agreement.rank_correlation:.4f} "
            f"| {agreement.largest_difference:.1e} | {agreement.differs} |"
        )
    sys.stdout.flush()


def arguments() -> argparse.ArgumentParser:
    """Return the parser of what can be asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", choices=[case.network for case in CASES], default=None)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument(
        "--repetitions",
        type=int,
        default=2,
        help="after one that warms up; of which the least time counts; mode both has one",
    )
    parser.add_argument("--masks", type=int, default=160, help="of RISE, at 112 px; five times as many at 64 px")
    parser.add_argument("--both-masks", type=int, default=2000, help="of RISE, for mode both")
    parser.add_argument("--windows-per-side", type=int, default=25)
    parser.add_argument("--samples", type=int, default=1000, help="of LIME")
    parser.add_argument("--pairs", type=int, default=32, help="of Mask, as one batch")
    parser.add_argument("--pairs-alone", type=int, default=4, help="of Mask, one by one")
    parser.add_argument("--iterations", type=int, default=6, help="of Mask, at 112 px; five times as many at 64 px")
    parser.add_argument("--agreement-masks", type=int, default=200, help="of RISE, where maps are compared")
    return parser


def main(given: list[str] | None = None) -> int:
    """Print all tables; return 0, since ratios to peers are findings, not tests."""
    args = arguments().parse_args(given)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    announce_peers()
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of peers: what they warn of is not ours to settle
        for case in CASES:
            if args.networks and case.network not in args.networks:
                continue
            bench = build_workbench(case)
            print(f"\n## {case.network}, {case.size_px} px, batch {case.batch}")
            for comparison in comparisons(bench, args).values():
                print_comparison(comparison, args)
            if "agreement" in args.methods:
                print_agreements(compare_maps(bench, args.agreement_masks, args.windows_per_side, args.samples))
    return 0


if __name__ == "__main__":
    sys.exit(main())
