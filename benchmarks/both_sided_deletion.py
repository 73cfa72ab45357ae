"""How far the score falls as both images of a pair lose what a pair of maps ranks first, by kind of map.

    python -m benchmarks.both_sided_deletion CONFIG [--queries 20] [--references 4] [--masks 2000] [--set key=value]

Reads model, images and pairs of a finished run of any dataset (--until similarities.test and --until vocabulary are
enough), and passes the images of some pairs anew, under as many of RISE's masks; a type-aware model compares a pair
under its condition.
`agreed` is the geometric mean of the joint and the one-sided map, with the sign of the latter. Prints falls of the
cosine x 100 when 5, 10, 20 and 40 % of the pixels of both images are lost, and the mean of these, of both images and of
each alone with the other as it is; and paired differences of the means. One family are blank pixels (of the canvas's
colour), one are pixels that are filled in from their surroundings. Intervals are clustered by what pairs share.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.both_sides_cases import Design, Pair, Run, effects_of_images
from benchmarks.both_sides_figures import Figures, table
from benchmarks.both_sides_maps import agreed_map
from flows.settings.file import load_settings
from pipeline.evaluation.audit.both_sides import on_pixels
from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.both_sided_deletion import DELETED, SHARES, both_sided_deletion
from pipeline.randomness import keyed_rng
from pipeline.saliency.controls.blob import centre_blob
from pipeline.saliency.correspondence.components import match_components
from pipeline.saliency.correspondence.interaction import interaction, joint_maps, one_sided_map
from pipeline.saliency.rise.declaration import RiseSpec

COMPONENTS = 3
COMPARED = (
    ("joint", "one-sided"),
    ("joint", "centre"),
    ("joint", "random"),
    ("agreed", "joint"),
    ("agreed", "one-sided"),
    ("largest component", "joint"),
    ("largest component", "one-sided"),
    ("one-sided", "centre"),
)


class PairsOfMaps:
    """Pairs of maps of a run's pairs, by kind."""

    def __init__(self, run: Run, design: Design) -> None:
        self._run = run
        self._effects = effects_of_images(run, [design])[0][design]

    def of(self, pair: Pair) -> Mapping[str, np.ndarray]:
        """Return float64 (2, y, x) over query and reference, by kind."""
        query_ud, reference_vd = (self._effects[side] for side in pair.sides)
        query_d, reference_d = self._run.embeddings_of(pair)
        joint_uv = interaction(query_ud, reference_vd)
        joint = joint_maps(joint_uv)
        one_sided = (one_sided_map(query_ud, reference_d), one_sided_map(reference_vd, query_d))
        parts = match_components(joint_uv, COMPONENTS, "factors")
        largest = (parts.query_ku[0], parts.reference_kv[0]) if len(parts.joint_k) else joint
        blob_hw = centre_blob(self._run.size_px, self._run.size_px)
        random_2hw = keyed_rng("both-sided deletion", self._run.settings.seed, pair.pair_id).random((2, *blob_hw.shape))
        return {
            "joint": self._on_pixels(joint),
            "largest component": self._on_pixels(largest),
            "one-sided": self._on_pixels(one_sided),
            "agreed": self._on_pixels((agreed_map(joint[0], one_sided[0]), agreed_map(joint[1], one_sided[1]))),
            "centre": np.stack([blob_hw, blob_hw]),
            "random": random_2hw,
        }

    def _on_pixels(self, maps: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        return np.stack([on_pixels(map_c, self._run.size_px) for map_c in maps])


def measure(run: Run, maps: PairsOfMaps, canvas_rgb: Sequence[int] | None) -> Figures:
    """Return the fall of every pair by kind and share, and its mean; None as canvas: pixels are filled in."""
    figures = Figures(run.clusters_p, Resampling(run.settings.seed, run.settings.evaluation.bootstrap_samples))
    for row, pair in enumerate(run.pairs):
        kinds = maps.of(pair)
        found = both_sided_deletion(
            run.scorer,
            np.stack([run.images.of(pair.query), run.images.of(pair.reference)]),
            np.stack(list(kinds.values())),
            canvas_rgb,
            (run.settings.seed, pair.pair_id),
            condition_mask_d=run.conditions.mask_of(pair.condition),
        )
        figures.add(row, ("full score",), found.full_score)
        for which, falls_ms in zip(DELETED, found.falls_3ms, strict=True):
            for kind, falls_s in zip(kinds, falls_ms, strict=True):
                for share, fall in zip(SHARES, falls_s, strict=True):
                    figures.add(row, (which, kind, f"{share:.0%}"), fall)
                figures.add(row, (which, kind, "mean"), falls_s.mean())
    return figures


def print_tables(figures: Figures) -> None:
    """Print the falls of all kinds, and the differences of their means."""
    shares = [f"{share:.0%}" for share in SHARES]
    kinds = dict.fromkeys(kind for pair in COMPARED for kind in pair)
    heads = ["maps", *(f"both, {share}" for share in shares), *(f"{which}, mean" for which in DELETED)]
    rows = []
    for kind in kinds:
        cells = [figures.cell(("both", kind, share)) for share in shares]
        rows.append([kind, *cells, *(figures.cell((which, kind, "mean")) for which in DELETED)])
    print(table(heads, rows))
    compared = {
        f"{one} − {other}, {which}": ((which, one, "mean"), (which, other, "mean"))
        for which in DELETED
        for one, other in COMPARED
    }
    print(f"\n{figures.differences(compared)}\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--queries", type=int, default=20)
    parser.add_argument("--references", type=int, default=4)
    parser.add_argument("--masks", type=int, default=RiseSpec().masks)
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="key=value")
    arguments = parser.parse_args()
    settings = load_settings(arguments.config, arguments.overrides)
    run = Run(settings, arguments.queries, arguments.references, with_causes=False)
    maps = PairsOfMaps(run, Design(masks=arguments.masks))
    print(f"{len(run.pairs)} pairs, {run.shared}; {arguments.masks} masks")
    for name, canvas_rgb in (("Blank", settings.dataset.canvas), ("Filled in", None)):
        figures = measure(run, maps, canvas_rgb)
        print(f"\n{name} pixels; the pairs' score is {figures.cell(('full score',))}:\n")
        print_tables(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
