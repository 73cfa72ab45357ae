"""Figures of `map_localisation` and `part_localisation`: how well maps find a region, and whether a blob does as well.

A blob in the middle finds much of a centred item, the more the larger the region: hence the differences from it, also
by tercile of the regions' area.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pipeline.evaluation.audit.localisation import area_terciles
from pipeline.evaluation.metrics.faithfulness import CENTRE, GeneratorMode
from pipeline.evaluation.metrics.measured_pairs import Columns, MeasuredPairs
from pipeline.evaluation.metrics.rows import comparison_row, count_row, metric_row

TABLE: Final = "map_localisation"
# Of parts that are known as points the regions are one or two discs of one radius: thirds of areas say little.
PARTS_TABLE: Final = "part_localisation"
MEASURES: Final = ("auroc", "pointing_hit")
# Ends of the differences' names: all regions, then the thirds of their areas.
REGIONS: Final = ("", "_small_regions", "_medium_regions", "_large_regions")


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
    pairs: MeasuredPairs,
    tables: Mapping[GeneratorMode, Columns],
    pairs_with_best: Sequence[str],
    table: str = TABLE,
    regions: Sequence[str] = REGIONS,
) -> list[dict[str, Any]]:
    """Return the rows of a table in `metrics`: means, pairs left out, differences from the centre blob.

    Args:
        pairs: all test pairs.
        tables: of each generator and mode the columns of its table `map_localisation`: `pair_id`, the measures and
            `region_share`; NaN where a value is null.
        pairs_with_best: ids of the pairs that the audit counts; only these have a truly best attribute: in the others
            none matters more than a null edit. Of parts all pairs.
        table: name that the rows get.
        regions: over which differences are taken, the first of them all regions.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
    """
    has_best_p = np.zeros(len(pairs.pair_ids), dtype=bool)
    has_best_p[pairs.rows_of(pairs_with_best)] = True
    localised = {key: _localised(pairs, columns, has_best_p) for key, columns in tables.items()}
    rows = []
    for (generator, mode), found in localised.items():
        labels = {"generator": generator, "mode": mode}
        rows += [metric_row(table, measure, pairs.mean(found.values[measure]), **labels) for measure in MEASURES]
        rows.append(count_row(table, "left_out", found.left_out, found.rows, **labels))
    return rows + _comparison_rows(pairs, localised, table, regions)


def _localised(pairs: MeasuredPairs, columns: Columns, has_best_p: np.ndarray) -> _Localised:
    pair_ids = list(columns["pair_id"])
    values = {
        name: np.where(has_best_p, pairs.placed(pair_ids, columns[name]), np.nan)
        for name in (*MEASURES, "region_share")
    }
    share_p = values.pop("region_share")
    left_out = len(pair_ids) - int(np.isfinite(values["auroc"]).sum())
    return _Localised(len(pair_ids), left_out, values, share_p)


def _comparison_rows(
    pairs: MeasuredPairs, localised: Mapping[GeneratorMode, _Localised], table: str, regions: Sequence[str]
) -> list[dict[str, Any]]:
    """Compare all with the blob on the pairs that both have, over all regions and by tercile, in one correction."""
    blob = next((found for key, found in localised.items() if key[0] == CENTRE), None)
    if blob is None:
        return []
    # The blob has a map of every pair, so that the terciles are the same for all generators.
    tercile_p = area_terciles(blob.region_share_p)
    chosen = {REGIONS[0]: tercile_p >= 0} | {name: tercile_p == part for part, name in enumerate(REGIONS[1:])}
    compared = [
        (key, measure, region) for key in localised if key[0] != CENTRE for measure in MEASURES for region in regions
    ]
    differences = pairs.compare(
        [
            (np.where(chosen[region], localised[key].values[measure], np.nan), blob.values[measure])
            for key, measure, region in compared
        ]
    )
    return [
        comparison_row(
            table,
            f"{measure}_difference{region}",
            difference,
            generator=generator,
            mode=mode,
            compared_with=CENTRE,
        )
        for ((generator, mode), measure, region), difference in zip(compared, differences, strict=True)
    ]
