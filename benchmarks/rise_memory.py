"""Peak memory of RISE as the number of masks grows: it stays flat, because masks are rebuilt batch by batch."""

import argparse
import resource
import subprocess
import sys

import numpy as np
import torch

from pipeline.networks import fold_batch_norms
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.saliency.rise.maps import build_rise
from pipeline.similarity.networks import build_embedding_network
from pipeline.similarity.scorer import SimilarityScorer

SIZE_PX = 64
# 7,500 more masks would take 123 MB if they were kept, the masked images 369 MB; their draws and embeddings take 10 MB.
LARGEST_GROWTH_MB = 30.0


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def measure_growth_mb(masks: int, batch: int) -> float:
    """Return by how much a map of N masks raises this process's peak above that of a map of one batch."""
    torch.set_num_threads(1)
    scorer = SimilarityScorer(fold_batch_norms(build_embedding_network("small_residual", 64)), batch_size=batch)
    pixels = np.random.default_rng(0).integers(0, 256, (6, SIZE_PX, SIZE_PX, 3), dtype=np.uint8)
    request = SaliencyRequest("query", pixels[0], scorer.embed(pixels[1:]))
    build_rise(RiseSpec(masks=2 * batch), scorer, SIZE_PX)([request])
    before = peak_mb()
    build_rise(RiseSpec(masks=masks), scorer, SIZE_PX)([request])
    return peak_mb() - before


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--masks", type=int, nargs="+", default=[500, 2000, 8000])
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(measure_growth_mb(args.masks[0], args.batch))
        return 0
    print(f"{'masks':>6} {'peak above one batch, MB':>25}")
    growth = []
    for masks in args.masks:
        # A fresh process each: a peak never falls.
        command = [sys.executable, __file__, "--child", "--masks", str(masks), "--batch", str(args.batch)]
        growth.append(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
        print(f"{masks:6} {growth[-1]:25.1f}")
    broken = max(growth) - growth[0] > LARGEST_GROWTH_MB
    print(f"bound: {LARGEST_GROWTH_MB:.0f} MB above {args.masks[0]} masks: {'BROKEN' if broken else 'kept'}")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
