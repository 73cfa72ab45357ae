"""How much two seeds of masks agree on both sides of a match, of any dataset: maps, and components.

    python -m benchmarks.both_sides_stability CONFIG [--queries 20] [--references 4] [--masks 300 1000]
        [--set key=value]

Reads model, images and pairs of a finished run (--until similarities.test and --until vocabulary are enough), and
passes the images of some pairs anew under two sets of masks of each scheme and number. A type-aware model compares a
pair under its condition. Prints, x 100, the mean over both sides of the rank correlation of joint maps, of RISE's
one-sided maps, and of their geometric mean (`agreed`), and what the components share of their regions; with intervals
clustered by what pairs share.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np

from benchmarks.both_sides_cases import Design, Pair, Run, effects_of_images
from benchmarks.both_sides_figures import Figures, matched_overlap, rank_correlation, table
from benchmarks.both_sides_maps import agreed_map
from flows.settings.file import load_settings
from pipeline.evaluation.bootstrap import Resampling
from pipeline.saliency.correspondence.components import METHODS, match_components
from pipeline.saliency.correspondence.interaction import interaction, joint_maps, one_sided_map
from pipeline.saliency.rise.maps import BALANCED_REGRESSION, PAPERS

SEEDS = (0, 1)
COMPONENTS = 3
MAPS = ("joint", "one-sided", "agreed")
PARTS = tuple(f"components, {method}" for method in METHODS)


class SeedPairs:
    """Pairs of a run as effects from two seeds of masks explain them.

    Attributes:
        designs: of the first seed; each has one of the second that differs in nothing else.
    """

    def __init__(self, run: Run, masks: Sequence[int]) -> None:
        self._run = run
        of_seeds = [
            [Design(scheme, count, seed) for scheme, count in product((PAPERS, BALANCED_REGRESSION), masks)]
            for seed in SEEDS
        ]
        self.designs = of_seeds[0]
        self._again = dict(zip(*of_seeds, strict=True))
        self._effects, self.passes = effects_of_images(run, [design for own in of_seeds for design in own])

    def agreements(self, pair: Pair, design: Design) -> Mapping[str, float]:
        """Return by MAPS and PARTS how much the two seeds agree on a pair, at most 1."""
        joints, maps = [], []
        for own in (design, self._again[design]):
            query_ud, reference_vd = (self._effects[own][side] for side in pair.sides)
            query_d, reference_d = self._run.embeddings_of(pair)
            joints.append(interaction(query_ud, reference_vd))
            maps.append(_maps(joints[-1], (one_sided_map(query_ud, reference_d), one_sided_map(reference_vd, query_d))))
        found = {
            kind: float(np.mean([rank_correlation(*side) for side in zip(maps[0][kind], maps[1][kind], strict=True)]))
            for kind in MAPS
        }
        for method, part in zip(METHODS, PARTS, strict=True):
            found[part] = matched_overlap(*(match_components(joint_uv, COMPONENTS, method) for joint_uv in joints))
        return found


def _maps(joint_uv: np.ndarray, one_sided: tuple[np.ndarray, np.ndarray]) -> Mapping[str, Sequence[np.ndarray]]:
    joint = joint_maps(joint_uv)
    agreed = [agreed_map(joint_u, one_sided_u) for joint_u, one_sided_u in zip(joint, one_sided, strict=True)]
    return dict(zip(MAPS, (joint, one_sided, agreed), strict=True))


def measure(run: Run, of_seeds: SeedPairs) -> Figures:
    """Return the agreement of every pair by design and what is compared."""
    figures = Figures(run.clusters_p, Resampling(run.settings.seed, run.settings.evaluation.bootstrap_samples))
    for row, pair in enumerate(run.pairs):
        for design in of_seeds.designs:
            for what, value in of_seeds.agreements(pair, design).items():
                figures.add(row, (design.scheme, str(design.masks), what), value)
    return figures


def agreements_table(figures: Figures, designs: Sequence[Design]) -> str:
    """Return the table, a row for each scheme and number of masks."""
    rows = [
        [design.scheme, str(design.masks)]
        + [figures.cell((design.scheme, str(design.masks), what)) for what in (*MAPS, *PARTS)]
        for design in designs
    ]
    return table(["scheme", "masks", *MAPS, *PARTS], rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--queries", type=int, default=20)
    parser.add_argument("--references", type=int, default=4)
    parser.add_argument("--masks", type=int, nargs="+", default=[300, 1000])
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="key=value")
    arguments = parser.parse_args()
    run = Run(load_settings(arguments.config, arguments.overrides), arguments.queries, arguments.references, False)
    of_seeds = SeedPairs(run, sorted(arguments.masks))
    figures = measure(run, of_seeds)
    print(f"{len(run.pairs)} pairs, {run.shared}; {of_seeds.passes} passes of {len(run.image_ids())} images\n")
    print(agreements_table(figures, of_seeds.designs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
