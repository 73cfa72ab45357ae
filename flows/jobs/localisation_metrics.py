"""Figures of `map_localisation`: how well maps find the truly best attribute's pixels, and whether a blob does as well.

A blob in the middle finds much of a centred item, the more the larger the region: hence the differences from it, also
by tercile of the regions' area.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from flows.engine.upstream import Upstream
from flows.jobs.faithfulness_metrics import CENTRE, GeneratorMode, cluster_codes
from flows.jobs.metric_rows import count_row, metric_row
from pipeline.evaluation.audit.localisation import area_terciles
from pipeline.evaluation.bootstrap import clustered_interval
from pipeline.evaluation.paired_comparisons import paired_comparisons

TABLE = "map_localisation"
MEASURES = ("auroc", "pointing_hit")
# Ends of the differences' names: all regions, then the thirds of their areas.
REGIONS = ("", "_small_regions", "_medium_regions", "_large_regions")


@dataclass(frozen=True)
class _Localised:
    """What the table says of one generator in one mode; arrays (pair,) float64 over all test pairs.

    Pairs without a map of this generator or without a best attribute are NaN everywhere, pairs whose region is not
    scored in the measures.
    """

    rows: int
    left_out: int
    values: Mapping[str, np.ndarray]
    region_share_p: np.ndarray


def localisation_rows(
    upstream: Upstream, settings: Mapping[str, Any], options: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Return the rows of `map_localisation` in `metrics`: means, pairs left out, differences from the centre blob.

    Only pairs that the audit counts have a truly best attribute: in the others none matters more than a null edit.

    Args:
        upstream: reads `pairs.test`, `audit` and each `map_localisation.<generator>.<mode>`.
        settings: with `generator_modes`.
        options: seed and samples of the bootstrap.
    """
    pairs = upstream.table("pairs.test", "pairs")
    row_of = {pair_id: row for row, pair_id in enumerate(pairs["pair_id"].to_pylist())}
    clusters_p = cluster_codes(pairs["query"].to_pylist())
    has_best_p = np.zeros(len(row_of), dtype=bool)
    has_best_p[[row_of[pair_id] for pair_id in _eligible_pairs(upstream)]] = True
    localised = {
        (generator, mode): _localised(upstream, generator, mode, row_of, has_best_p)
        for generator, mode in settings["generator_modes"]
    }
    rows = []
    for (generator, mode), found in localised.items():
        labels = {"generator": generator, "mode": mode}
        for measure in MEASURES:
            interval = clustered_interval(found.values[measure], clusters_p, **options)
            rows.append(metric_row(TABLE, measure, interval, **labels))
        rows.append(count_row(TABLE, "left_out", found.left_out, found.rows, **labels))
    return rows + _comparison_rows(localised, clusters_p, options)


def _eligible_pairs(upstream: Upstream) -> list[str]:
    # Which pairs count is the same for all variants.
    return sorted({row["pair_id"] for row in upstream.rows("audit", "audit_outcomes") if row["eligible"]})


def _localised(
    upstream: Upstream, generator: str, mode: str, row_of: Mapping[str, int], has_best_p: np.ndarray
) -> _Localised:
    table = upstream.table(f"map_localisation.{generator}.{mode}", "map_localisation")
    rows = [row_of[pair_id] for pair_id in table["pair_id"].to_pylist()]
    columns = {}
    for name in (*MEASURES, "region_share"):
        columns[name] = np.full(len(row_of), np.nan)
        # Null becomes NaN.
        columns[name][rows] = table[name].to_numpy().astype(np.float64)
        columns[name][~has_best_p] = np.nan
    share_p = columns.pop("region_share")
    left_out = len(rows) - int(np.isfinite(columns["auroc"]).sum())
    return _Localised(len(rows), left_out, columns, share_p)


def _comparison_rows(
    localised: Mapping[GeneratorMode, _Localised], clusters_p: np.ndarray, options: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Compare all with the blob on the pairs that both have, over all regions and by tercile, in one correction."""
    blob = next((found for key, found in localised.items() if key[0] == CENTRE), None)
    if blob is None:
        return []
    # The blob has a map of every pair, so that the terciles are the same for all generators.
    tercile_p = area_terciles(blob.region_share_p)
    chosen = {REGIONS[0]: tercile_p >= 0} | {name: tercile_p == part for part, name in enumerate(REGIONS[1:])}
    compared = [
        (key, measure, regions) for key in localised if key[0] != CENTRE for measure in MEASURES for regions in REGIONS
    ]
    both = [
        (np.where(chosen[regions], localised[key].values[measure], np.nan), blob.values[measure])
        for key, measure, regions in compared
    ]
    differences = paired_comparisons(both, clusters_p, seed=options["seed"], samples=options["samples"])
    return [
        metric_row(
            TABLE,
            f"{measure}_difference{regions}",
            difference.interval,
            generator=generator,
            mode=mode,
            compared_with=CENTRE,
            p_value=float(difference.p_value) if np.isfinite(difference.p_value) else None,
        )
        for ((generator, mode), measure, regions), difference in zip(compared, differences, strict=True)
    ]
