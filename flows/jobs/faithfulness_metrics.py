"""Figures of Table 1: how faithful each generator's maps are in each mode, and who beats the controls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flows.engine.upstream import Upstream
from flows.jobs.metric_rows import count_row, metric_row
from pipeline.evaluation.bootstrap import clustered_interval
from pipeline.evaluation.paired_comparisons import paired_comparisons

MEASURES = ("insertion_auc", "deletion_auc", "insertion_auc_anchored", "deletion_auc_anchored")
# Each measure's difference, under its own name.
DIFFERENCES = {measure: measure.replace("_auc", "_difference") for measure in MEASURES}
MAP_CHANGE = "map_change"
CENTRE = "centre"

GeneratorMode = tuple[str, str]


@dataclass(frozen=True)
class _Measured:
    """What the table `faithfulness` says of one generator in one mode; measures (pair,) float64 over all test pairs.

    Pairs without a map of this generator are NaN everywhere, pairs without a measure there.
    """

    rows: int
    flat_curves: int
    left_out_anchored: int
    values: Mapping[str, np.ndarray]


def faithfulness_rows(
    upstream: Upstream, settings: Mapping[str, Any], options: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Return the rows of `saliency_faithfulness` and of `saliency_faithfulness_comparison`.

    Args:
        upstream: reads `pairs.test` and each `faithfulness.<generator>.<mode>`.
        settings: with `generator_modes` and `supervision`, the pair [generator, mode] that all are compared with.
        options: seed and samples of the bootstrap.
    """
    pairs = upstream.table("pairs.test", "pairs")
    row_of = {pair_id: row for row, pair_id in enumerate(pairs["pair_id"].to_pylist())}
    clusters_p = cluster_codes(pairs["query"].to_pylist())
    measured = {
        (generator, mode): _measured(upstream, generator, mode, row_of)
        for generator, mode in settings["generator_modes"]
    }
    generator, mode = settings["supervision"]
    rows = [row for key, found in measured.items() for row in _generator_rows(key, found, clusters_p, options)]
    return rows + _comparison_rows(measured, (generator, mode), clusters_p, options)


def cluster_codes(names: Sequence[str]) -> np.ndarray:
    """Return an integer for each name, equal for equal names: (name,) int64."""
    return np.unique(np.array(names, dtype=str), return_inverse=True)[1].astype(np.int64)


def _measured(upstream: Upstream, generator: str, mode: str, row_of: Mapping[str, int]) -> _Measured:
    table = upstream.table(f"faithfulness.{generator}.{mode}", "faithfulness")
    rows = [row_of[pair_id] for pair_id in table["pair_id"].to_pylist()]
    values = {}
    # Results adopted from an earlier version know no change of maps.
    for measure in (*MEASURES, *({MAP_CHANGE} & set(table.column_names))):
        values[measure] = np.full(len(row_of), np.nan)
        values[measure][rows] = table[measure].to_numpy().astype(np.float64)
    flat = sum(int(np.sum(table[f"{curve}_is_flat"].to_numpy())) for curve in ("insertion", "deletion"))
    left_out = len(rows) - int(np.isfinite(values["insertion_auc_anchored"]).sum())
    return _Measured(len(rows), flat, left_out, values)


def _generator_rows(
    key: GeneratorMode, measured: _Measured, clusters_p: np.ndarray, options: Mapping[str, int]
) -> list[dict[str, Any]]:
    labels = {"generator": key[0], "mode": key[1]}
    table = "saliency_faithfulness"
    rows = [
        metric_row(table, measure, clustered_interval(measured.values[measure], clusters_p, **options), **labels)
        for measure in MEASURES
    ]
    rows.append(count_row(table, "left_out_anchored", measured.left_out_anchored, measured.rows, **labels))
    rows.append(count_row(table, "flat_curves", measured.flat_curves, 2 * measured.rows, **labels))
    if MAP_CHANGE in measured.values:
        interval = clustered_interval(measured.values[MAP_CHANGE], clusters_p, **options)
        rows.append(metric_row(table, "map_change_with_reference", interval, **labels))
    return rows


def _comparison_rows(
    measured: Mapping[GeneratorMode, _Measured],
    supervision: GeneratorMode,
    clusters_p: np.ndarray,
    options: Mapping[str, int],
) -> list[dict[str, Any]]:
    """Compare all with the blob and with the maps that supervise attributes, under one correction."""
    baselines = [key for key in measured if key[0] == CENTRE] + [key for key in measured if key == supervision]
    compared = [
        (key, baseline, measure)
        for baseline in baselines
        for key in measured
        # The blob against the supervising maps is these against the blob, which is there already.
        if key != baseline and not (key[0] == CENTRE and baseline == supervision)
        for measure in MEASURES
    ]
    both = [(measured[key].values[measure], measured[baseline].values[measure]) for key, baseline, measure in compared]
    differences = paired_comparisons(both, clusters_p, seed=options["seed"], samples=options["samples"])
    return [
        metric_row(
            "saliency_faithfulness_comparison",
            DIFFERENCES[measure],
            difference.interval,
            generator=key[0],
            mode=key[1],
            compared_with=baseline[0],
            p_value=float(difference.p_value) if np.isfinite(difference.p_value) else None,
        )
        for (key, baseline, measure), difference in zip(compared, differences, strict=True)
    ]
