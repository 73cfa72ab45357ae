"""A sliding window end to end against the bare forward passes of the same network; and mode both."""

import sys

import torch

from benchmarks.perturbation_speed import CASES, arguments, measure, print_timings
from pipeline.saliency.contract import SaliencyGenerator
from pipeline.saliency.sliding_window.declaration import SlidingWindowSpec
from pipeline.saliency.sliding_window.maps import build_sliding_window
from pipeline.similarity.scorer import SimilarityScorer


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--windows-per-side", type=int, default=25)
    parser.add_argument("--reference-windows-per-side", type=int, default=6)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    spec = SlidingWindowSpec(
        windows_per_side=args.windows_per_side, reference_windows_per_side=args.reference_windows_per_side
    )

    def build(scorer: SimilarityScorer, size_px: int, mode: str) -> SaliencyGenerator:
        return build_sliding_window(spec, scorer, size_px, mode)

    return print_timings([(case, measure(case, build, args)) for case in CASES])


if __name__ == "__main__":
    sys.exit(main())
