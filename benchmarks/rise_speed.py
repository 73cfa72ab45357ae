"""RISE end to end against the bare forward passes of the same network; five references, and mode both of them."""

import argparse
import sys

import torch

from benchmarks.perturbation_speed import CASES, Builder, Case, arguments, measure, print_timings
from pipeline.saliency.contract import SaliencyGenerator
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.saliency.rise.maps import build_rise
from pipeline.similarity.scorer import SimilarityScorer

TIMES_MASKS = {"resnet18_three_stage": 1, "small_residual": 5}


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--masks", type=int, default=96, help="masks at 112 px; five times as many at 64 px")
    parser.add_argument("--reference-masks", type=int, default=30)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    return print_timings([(case, measure(case, _builder(case, args), args)) for case in CASES])


def _builder(case: Case, args: argparse.Namespace) -> Builder:
    spec = RiseSpec(masks=TIMES_MASKS[case.network] * args.masks, reference_masks=args.reference_masks)

    def build(scorer: SimilarityScorer, size_px: int, mode: str) -> SaliencyGenerator:
        return build_rise(spec, scorer, size_px, mode)

    return build


if __name__ == "__main__":
    sys.exit(main())
