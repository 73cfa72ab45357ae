"""What both sides of a match cost beside the passes that they are made of: CPU time, as ratios within one run.

    python -m benchmarks.correspondence_cost [--masks 2000] [--repetitions 5]

A small_residual network of 64 dimensions with images of 64 px, in one thread: bare passes of an image under all masks;
effects of its cells; joint effects, maps and components of a pair; components of the unrelated pair that the p-value
takes. Counted in the process's CPU time, so that a busy machine plays hardly a part. Exit status 1 where the bound is
broken at as many pairs an image as five references a query make that serve no other query (5 / 6).
"""

import argparse
import sys
import time

import numpy as np
import torch

from benchmarks.perturbation_speed import CASES, Case, interleaved
from pipeline.networks import fold_batch_norms
from pipeline.saliency.correspondence.cell_effects import CellEffects
from pipeline.saliency.correspondence.components import METHODS, match_components
from pipeline.saliency.correspondence.interaction import interaction, joint_maps, one_sided_map
from pipeline.saliency.perturbed_embeddings import embed_perturbations
from pipeline.saliency.resident_masks import resident
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.saliency.rise.maps import query_masks
from pipeline.similarity.networks import build_embedding_network
from pipeline.similarity.scorer import SimilarityScorer

CASE: Case = CASES[1]
DIMENSIONS, CELLS, COMPONENTS = 64, 14, 3
LARGEST_SHARE = 0.05
# Pairs an image: references that serve one query each; queries that are each other's references.
PAIRS_AN_IMAGE = (5 / 6, 5.0)


class Costs:
    """Two images and what is done with them; every method returns how many images or pairs it was done for."""

    def __init__(self, spec: RiseSpec) -> None:
        folded = fold_batch_norms(build_embedding_network(CASE.network, DIMENSIONS))
        self._network = folded.to(memory_format=torch.channels_last)
        scorer = SimilarityScorer(self._network, batch_size=CASE.batch)
        masks = query_masks(spec, CASE.size_px)
        shape = (2, CASE.size_px, CASE.size_px, 3)
        pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        held = resident(masks, scorer.device)
        self._embeddings = [embed_perturbations(scorer, image, held).numpy() for image in pixels]
        self._cells = CellEffects(spec, CASE.size_px, CELLS)
        self._effects = [self._cells.of(embeddings_nd) for embeddings_nd in self._embeddings]
        self._whole = scorer.embed(pixels)
        self._passes = len(masks)
        images = torch.randn(CASE.batch, 3, CASE.size_px, CASE.size_px)
        self._images = images.to(memory_format=torch.channels_last)

    def bare(self) -> int:
        """Pass as many images as there are masks, without masks."""
        with torch.inference_mode():
            for start in range(0, self._passes, CASE.batch):
                self._network(self._images[: min(CASE.batch, self._passes - start)])
        return 1

    def effects(self) -> int:
        """Make effects of cells."""
        self._cells.of(self._embeddings[0])
        return 1

    def joint(self) -> int:
        """Make joint effects and maps of both sides."""
        joint_maps(interaction(*self._effects))
        for side in range(2):
            one_sided_map(self._effects[side], self._whole[1 - side])
        return 1

    def split(self, method: str) -> int:
        """Make components."""
        match_components(interaction(*self._effects), COMPONENTS, method)
        return 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--masks", type=int, default=2000)
    parser.add_argument("--repetitions", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    costs = Costs(RiseSpec(masks=arguments.masks))
    runs = [costs.bare, costs.effects, costs.joint]
    runs += [lambda method=method: costs.split(method) for method in METHODS]  # type: ignore[misc]
    found = interleaved(runs, arguments.repetitions, True, time.process_time)
    bare, effects, joint, *splits = (1000 * seconds for seconds in found)
    print(f"an image: {bare:.0f} ms of {arguments.masks} bare passes, {effects:.1f} ms of effects of its cells")
    print(f"a pair: {joint:.1f} ms of joint effects and maps\n")
    print("| split by | ms a pair | beside the passes, 5 / 6 of a pair an image | five pairs an image |")
    print("| --- | ---: | ---: | ---: |")
    shares = {}
    for method, split in zip(METHODS, splits, strict=True):
        # The unrelated pair of the p-value is split as well.
        shares[method] = [(effects + pairs * (joint + 2 * split)) / bare for pairs in PAIRS_AN_IMAGE]
        print(f"| {method} | {split:.1f} | {' | '.join(f'{100 * share:.1f} %' for share in shares[method])} |")
    is_kept = shares["factors"][0] <= LARGEST_SHARE
    print(f"\nbound: {LARGEST_SHARE:.0%} with factors, 5 / 6 of a pair an image: {'kept' if is_kept else 'BROKEN'}")
    return int(not is_kept)


if __name__ == "__main__":
    sys.exit(main())
