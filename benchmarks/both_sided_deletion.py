"""How far the score falls as both images of a pair lose what a pair of maps ranks first, by kind of map.

    python -m benchmarks.both_sided_deletion CONFIG [--queries 20] [--references 4] [--masks 2000] [--set key=value]

Reads model, images and pairs of a finished run of any dataset without type conditions (--until similarities.test is
enough), and passes the images of some pairs anew, under as many of RISE's masks. Prints falls of the cosine x 100 when
5, 10, 20 and 40 % of the pixels of both images get the canvas's colour, their mean, and paired differences of the mean,
one family. Intervals are clustered by query.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.both_sides_cases import Design, Pair, Run, effects_of_images
from benchmarks.both_sides_figures import Figures, table
from flows.settings.file import load_settings
from pipeline.evaluation.audit.both_sides import centre_blob, on_pixels
from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.both_sided_deletion import SHARES, both_sided_deletion
from pipeline.randomness import keyed_rng
from pipeline.saliency.correspondence.components import match_components
from pipeline.saliency.correspondence.interaction import interaction, joint_maps, one_sided_map
from pipeline.saliency.rise.declaration import RiseSpec

COMPONENTS = 3
COMPARED = (
    ("joint", "one-sided"),
    ("joint", "centre"),
    ("joint", "random"),
    ("largest component", "joint"),
    ("largest component", "one-sided"),
    ("one-sided", "centre"),
    ("one side joint, other random", "joint"),
)


class PairsOfMaps:
    """Pairs of maps of a run's pairs, by kind."""

    def __init__(self, run: Run, design: Design) -> None:
        self._run = run
        self._effects = effects_of_images(run, [design])[0][design]

    def of(self, pair: Pair) -> Mapping[str, np.ndarray]:
        """Return float64 (2, y, x) over query and reference, by kind."""
        query_ud, reference_vd = (self._effects[name] for name in (pair.query, pair.reference))
        query_d, reference_d = self._run.embeddings.of([pair.query, pair.reference])
        joint_uv = interaction(query_ud, reference_vd)
        parts = match_components(joint_uv, COMPONENTS, "factors")
        largest = (parts.query_ku[0], parts.reference_kv[0]) if len(parts.joint_k) else joint_maps(joint_uv)
        blob_hw = centre_blob(self._run.size_px)
        random_2hw = keyed_rng("both-sided deletion", self._run.settings.seed, pair.pair_id).random((2, *blob_hw.shape))
        joint_2hw = self._on_pixels(joint_maps(joint_uv))
        return {
            "joint": joint_2hw,
            "largest component": self._on_pixels(largest),
            "one-sided": self._on_pixels((one_sided_map(query_ud, reference_d), one_sided_map(reference_vd, query_d))),
            "one side joint, other random": np.stack([joint_2hw[0], random_2hw[1]]),
            "centre": np.stack([blob_hw, blob_hw]),
            "random": random_2hw,
        }

    def _on_pixels(self, maps: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        return np.stack([on_pixels(map_c, self._run.size_px) for map_c in maps])


def measure(run: Run, maps: PairsOfMaps) -> Figures:
    """Return the fall of every pair by kind and share, and its mean over the shares."""
    figures = Figures(run.clusters_p, Resampling(run.settings.seed, run.settings.evaluation.bootstrap_samples))
    for row, pair in enumerate(run.pairs):
        kinds = maps.of(pair)
        found = both_sided_deletion(
            run.scorer,
            np.stack([run.images.of(pair.query), run.images.of(pair.reference)]),
            np.stack(list(kinds.values())),
            run.settings.dataset.canvas,
            (run.settings.seed, pair.pair_id),
        )
        figures.add(row, ("full score",), found.full_score)
        for kind, falls_s in zip(kinds, found.falls_ms, strict=True):
            for share, fall in zip(SHARES, falls_s, strict=True):
                figures.add(row, (kind, f"{share:.0%}"), fall)
            figures.add(row, (kind, "mean"), falls_s.mean())
    return figures


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
    figures = measure(run, PairsOfMaps(run, Design(masks=arguments.masks)))
    print(f"{len(run.pairs)} pairs of {len(set(run.clusters_p))} queries, ", end="")
    print(f"whose score is {figures.cell(('full score',))}; {arguments.masks} masks\n")
    shares = [f"{share:.0%}" for share in SHARES]
    kinds = dict.fromkeys(kind for pair in COMPARED for kind in pair)
    print(table(["maps", *shares, "mean"], [[k, *(figures.cell((k, s)) for s in [*shares, "mean"])] for k in kinds]))
    differences = {f"{one} − {other}": ((one, "mean"), (other, "mean")) for one, other in COMPARED}
    print(f"\n{figures.differences(differences)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
