"""Which cheap measure of maps should a user without truth believe? Measures of a finished run against rendered truth.

    sane run CONFIG --set evaluation.map_protocols=true
    python -m benchmarks.metric_agreement CONFIG --set evaluation.map_protocols=true

of rendered items, with several generators. Each measure is turned so that larger is better, and compared with three
truths of the same maps: AUROC and rank accuracy of the truly best attribute's region, and the rank correlation of mass
with the effects of all attributes. Prints Markdown tables.
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flows.configured_runs import ConfiguredRun
from flows.engine.upstream import Upstream
from flows.jobs.metrics import eligible_pairs, map_columns
from flows.readers.clusters import read_pair_clusters
from flows.readers.pair_frame import read_pair_frame
from flows.settings.configuration import Settings
from flows.settings.file import load_settings
from pipeline.evaluation.bootstrap import Interval, Resampling
from pipeline.evaluation.map_protocols.agreement import choice_intervals, over_generators, over_pairs
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from pipeline.saliency.catalogue import GENERATORS

# Column, table, whether larger is better (else smaller), what it costs.
MEASURES = {
    "insertion_auc": ("faithfulness", 1, "99 a ranking"),
    "insertion_auc_anchored": ("faithfulness", 1, "99 a ranking"),
    "deletion_auc": ("faithfulness", -1, "99 a ranking"),
    "deletion_auc_anchored": ("faithfulness", -1, "99 a ranking"),
    "deletion_imputed": ("map_protocols", -1, "9 a ranking"),
    "deletion_blank": ("map_protocols", -1, "9 a ranking"),
    "faithfulness_correlation": ("map_protocols", 1, "100 a query"),
    "gini": ("map_protocols", 1, "none"),
    "map_change": ("faithfulness", 1, "none"),
    "max_sensitivity": ("map_protocols", -1, "three maps"),
}
TRUTHS = {
    "auroc": "map_localisation",
    "relevance_rank_accuracy": "map_parts",
    "mass_rank_correlation": "map_parts",
}


@dataclass(frozen=True)
class JudgedMaps:
    """Measures and truths of a run's maps, by name (generator, pair), larger = better; what pairs share (pair,)."""

    generators: list[tuple[str, str]]
    measures: Mapping[str, np.ndarray]
    truths: Mapping[str, np.ndarray]
    clusters_p: np.ndarray

    def without_controls(self) -> "JudgedMaps":
        """Return the same of the generators that know the model."""
        kept = [n for n, (name, _) in enumerate(self.generators) if GENERATORS[name].knows_the_model]
        return JudgedMaps(
            [self.generators[n] for n in kept],
            {name: values_gp[kept] for name, values_gp in self.measures.items()},
            {name: values_gp[kept] for name, values_gp in self.truths.items()},
            self.clusters_p,
        )


def read_maps(upstream: Upstream, settings: Settings) -> JudgedMaps:
    """Return what a run measured of the pairs in which an attribute matters."""
    frame = read_pair_frame(upstream, "test")
    clusters_p = read_pair_clusters(upstream, frame, settings.dataset.declared.shared_unit)
    pairs = MeasuredPairs(frame.pair_ids, clusters_p, Resampling(settings.seed, settings.evaluation.bootstrap_samples))
    shown = list(settings.saliency.generator_modes)
    tables = {name: map_columns(upstream, name, shown) for name in ("map_localisation", "map_protocols", "map_parts")}
    tables["faithfulness"] = map_columns(upstream, "faithfulness", shown)
    rows = pairs.rows_of(eligible_pairs(upstream))

    def placed(table: str, column: str) -> np.ndarray:
        found = [pairs.placed(list(tables[table][key]["pair_id"]), tables[table][key][column]) for key in shown]
        return np.stack(found)[:, rows]

    return JudgedMaps(
        shown,
        {name: sign * placed(table, name) for name, (table, sign, _) in MEASURES.items()},
        {name: placed(table, name) for name, table in TRUTHS.items()},
        clusters_p[rows],
    )


def means_table(maps: JudgedMaps) -> str:
    """Return the mean of every measure and truth, as it is stored, by generator."""
    columns = {**{name: (1, values) for name, values in maps.truths.items()}}
    columns |= {name: (MEASURES[name][1], values) for name, values in maps.measures.items()}
    lines = [_line(["generator", "mode", *columns]), _line(["---"] * 2 + ["---:"] * len(columns))]
    for row, (generator, mode) in enumerate(maps.generators):
        means = [_number(sign * _mean(values_gp[row])) for sign, values_gp in columns.values()]
        lines.append(_line([generator, mode, *means]))
    return "\n".join(lines)


def truth_table(maps: JudgedMaps, resampling: Resampling) -> str:
    """Return how each measure agrees with each truth; the choice between two generators with and without controls."""
    models = maps.without_controls()
    heads = [f"{question}: {name}" for question in ("over generators", "over pairs") for name in maps.truths]
    heads += ["right choice by AUROC", "the same without controls", "passes"]
    lines = [_line(["measure", *heads]), _line(["---", *["---:"] * len(heads)])]
    choices = [
        choice_intervals(one.measures, one.truths["auroc"], one.clusters_p, resampling) for one in (maps, models)
    ]
    for name, values_gp in maps.measures.items():
        cells = [_number(over_generators(values_gp, truth_gp)) for truth_gp in maps.truths.values()]
        cells += [_number(over_pairs(values_gp, truth_gp)) for truth_gp in maps.truths.values()]
        cells += [_interval(found[name]) for found in choices]
        lines.append(_line([name, *cells, MEASURES[name][2]]))
    return "\n".join(lines)


def between_table(maps: JudgedMaps) -> str:
    """Return how measures agree with each other: mean over generators of the rank correlation over pairs."""
    names = list(maps.measures)
    lines = [_line(["", *names]), _line(["---", *["---:"] * len(names)])]
    for one in names:
        cells = [_number(over_pairs(maps.measures[one], maps.measures[other])) for other in names]
        lines.append(_line([one, *cells]))
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _mean(values_p: np.ndarray) -> float:
    known = values_p[np.isfinite(values_p)]
    return float(known.mean()) if known.size else float("nan")


def _number(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "–"


def _interval(interval: Interval) -> str:
    return f"{interval.value:.2f} [{interval.low:.2f}, {interval.high:.2f}]" if np.isfinite(interval.value) else "–"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="key=value")
    arguments = parser.parse_args()
    settings = load_settings(arguments.config, arguments.overrides)
    upstream = ConfiguredRun(settings).current()
    shown = settings.saliency.generator_modes
    missing = [name for key in shown for name in (f"map_parts.{'.'.join(key)}",) if name not in upstream.manifests]
    if missing:
        sys.exit(
            f"not current: {', '.join(missing)}; run this configuration first, with evaluation.map_protocols = true"
        )
    maps = read_maps(upstream, settings)
    resampling = Resampling(settings.seed, settings.evaluation.bootstrap_samples)
    tables = (means_table(maps), truth_table(maps, resampling), between_table(maps))
    print(f"{maps.clusters_p.size} pairs in which an attribute matters\n", *tables, sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
