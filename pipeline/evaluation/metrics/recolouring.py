"""Figures of `recolour_audit`: scores of the query's colour against its effect, measured by editing the photograph."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from pipeline.evaluation.clustered_statistic import clustered_statistic
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from pipeline.evaluation.metrics.rows import count_row, metric_row
from pipeline.evaluation.recolouring.effects import colour_floor
from pipeline.evaluation.recolouring.reasons import LeftOut

TABLE: Final = "recolour_audit"
# Its scores are effects, in the unit of the measured ones.
CALIBRATED: Final = "embedding_effect"
CALIBRATION_BINS: Final = 10


@dataclass(frozen=True)
class RecolouredPairs:
    """Pairs with what editing the query's colour did to their scores.

    Attributes:
        pairs: all test pairs.
        colour_p: int64 (pair,), place of the query's labelled colour in the vocabulary; -1 where nothing was measured.
        effect_p: (pair,) float64, mean over accepted edits to other colours of s(q, r) - s(recoloured q, r); else NaN.
        same_colour_p: likewise for edits to the query's own colour.
        left_out: the reason of each query that is left out.
        edits: edits to other colours that were tried, each once for a query.
        accepted: those of them that were accepted.
    """

    pairs: MeasuredPairs
    colour_p: npt.NDArray[np.int64]
    effect_p: npt.NDArray[np.float64]
    same_colour_p: npt.NDArray[np.float64]
    left_out: Mapping[str, str]
    edits: int
    accepted: int


def recolour_rows(measured: RecolouredPairs, scores: Mapping[str, npt.NDArray[np.floating]]) -> list[dict[str, Any]]:
    """Return the rows of `recolour_audit`: what was measured, and of each variant how well it agrees.

    Colour is a cause of a pair where its effect is above the floor, the 99th percentile of |same-colour effects|.

    Args:
        measured: the pairs.
        scores: (pair, attribute) of each variant, by name; -inf where it excludes an attribute.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
    """
    floor = colour_floor(measured.same_colour_p)
    known_p = ~np.isnan(measured.effect_p)
    cause_p = np.where(known_p, measured.effect_p > floor, np.nan)
    rows = [*_instrument_rows(measured, floor), metric_row(TABLE, "cause_share", measured.pairs.mean(cause_p))]
    for variant, scores_pa in scores.items():
        rows += _variant_rows(measured, variant, scores_pa, cause_p)
    if CALIBRATED in scores:
        rows += _calibration_rows(measured, scores[CALIBRATED])
    return rows


def spearman(columns_pm: npt.NDArray[np.float64]) -> float:
    """Return the rank correlation of two columns, ties at their mean rank; NaN where one is constant."""
    first_p, second_p = (rankdata(column) for column in columns_pm.T)
    if np.ptp(first_p) == 0 or np.ptp(second_p) == 0:
        return float("nan")
    return float(np.corrcoef(first_p, second_p)[0, 1])


def slope(columns_pm: npt.NDArray[np.float64]) -> float:
    """Return the least-squares slope of the second column on the first; NaN where the first is constant."""
    centred_p = columns_pm[:, 0] - columns_pm[:, 0].mean()
    spread = float((centred_p**2).sum())
    return float((centred_p * columns_pm[:, 1]).sum()) / spread if spread > 0 else float("nan")


def intercept(columns_pm: npt.NDArray[np.float64]) -> float:
    """Return the least-squares intercept of the second column on the first; NaN where the first is constant."""
    return float(columns_pm[:, 1].mean() - slope(columns_pm) * columns_pm[:, 0].mean())


def effect_calibration_error(columns_pm: npt.NDArray[np.float64]) -> float:
    """Return the mean over ten bins of equally many pairs, by predicted effect, of |mean predicted - mean measured|."""
    ordered_pm = columns_pm[np.argsort(columns_pm[:, 0], kind="stable")]
    bins = np.array_split(ordered_pm, min(CALIBRATION_BINS, len(ordered_pm)))
    gaps = [len(rows) * abs(rows[:, 0].mean() - rows[:, 1].mean()) for rows in bins]
    return float(sum(gaps) / len(ordered_pm))


def _instrument_rows(measured: RecolouredPairs, floor: float) -> list[dict[str, Any]]:
    queries = len(np.unique(measured.pairs.clusters_p))
    rows = [
        metric_row(TABLE, "mean_effect", measured.pairs.mean(measured.effect_p), unit="cosine"),
        metric_row(TABLE, "mean_same_colour_effect", measured.pairs.mean(measured.same_colour_p), unit="cosine"),
        count_row(TABLE, "effect_floor", floor, int((~np.isnan(measured.same_colour_p)).sum())),
        count_row(TABLE, "accepted_edits", measured.accepted, measured.edits),
        count_row(TABLE, "measured_queries", queries - len(measured.left_out), queries),
    ]
    counts = Counter(measured.left_out.values())
    return rows + [
        count_row(TABLE, f"left_out_{reason.name.lower()}", counts[reason.value], queries)
        for reason in LeftOut
        if counts[reason.value]
    ]


def _variant_rows(
    measured: RecolouredPairs, variant: str, scores_pa: npt.NDArray[np.floating], cause_p: npt.NDArray[np.float64]
) -> list[dict[str, Any]]:
    score_p = _own_scores(measured, scores_pa)
    names_it_p = (scores_pa.argmax(axis=1) == measured.colour_p).astype(np.float64)
    pairs = measured.pairs
    agreement = clustered_statistic(
        np.stack([score_p, measured.effect_p], axis=1), pairs.clusters_p, spearman, pairs.resampling
    )
    hit = pairs.mean(np.where(cause_p == 1, names_it_p, np.nan))
    false_hit = pairs.mean(np.where(cause_p == 0, names_it_p, np.nan))
    return [
        metric_row(TABLE, "spearman", agreement, variant=variant, unit="correlation"),
        metric_row(TABLE, "names_colour_where_cause", hit, variant=variant),
        metric_row(TABLE, "names_colour_elsewhere", false_hit, variant=variant),
    ]


def _calibration_rows(measured: RecolouredPairs, scores_pa: npt.NDArray[np.floating]) -> list[dict[str, Any]]:
    columns_pm = np.stack([_own_scores(measured, scores_pa), measured.effect_p], axis=1)
    pairs = measured.pairs
    rows = []
    for metric, statistic, unit in (
        ("calibration_slope", slope, "ratio"),
        ("calibration_intercept", intercept, "cosine"),
        ("calibration_error", effect_calibration_error, "cosine"),
    ):
        found = clustered_statistic(columns_pm, pairs.clusters_p, statistic, pairs.resampling)
        rows.append(metric_row(TABLE, metric, found, variant=CALIBRATED, unit=unit))
    return rows


def _own_scores(measured: RecolouredPairs, scores_pa: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return each measured pair's score of its query's colour, (pair,), NaN where there is none or it is excluded."""
    rows = np.arange(len(measured.colour_p))
    score_p = scores_pa[rows, np.maximum(measured.colour_p, 0)].astype(np.float64)
    known_p = (measured.colour_p >= 0) & np.isfinite(score_p)
    return np.where(known_p, score_p, np.nan)


def gather_pairs(
    pairs: MeasuredPairs, queries: Sequence[str], names: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> RecolouredPairs:
    """Return the pairs of rows of `recoloured_effects`.

    Args:
        pairs: all test pairs.
        queries: image id of each pair's query.
        names: the vocabulary.
        rows: of the table.
    """
    place = {name: number for number, name in enumerate(names)}
    effects: dict[str, list[float]] = {}
    same: dict[str, float] = {}
    colour_of: dict[str, str] = {}
    left_out: dict[str, str] = {}
    tried: set[tuple[str, str, bool]] = set()
    query_of = dict(zip(pairs.pair_ids, queries, strict=True))
    for row in rows:
        pair_id, query = row["pair_id"], query_of[row["pair_id"]]
        if row["target_colour"] is None:
            left_out[query] = row["reason"]
            continue
        tried.add((query, row["target_colour"], row["accepted"]))
        if row["accepted"]:
            effects.setdefault(pair_id, []).append(row["effect"])
            same[pair_id], colour_of[pair_id] = row["same_colour_effect"], row["attribute"]
    ids = list(effects)
    colour_p = np.full(len(pairs.pair_ids), -1, dtype=np.int64)
    colour_p[pairs.rows_of(ids)] = [place[colour_of[pair_id]] for pair_id in ids]
    return RecolouredPairs(
        pairs,
        colour_p,
        pairs.placed(ids, [float(np.mean(effects[pair_id])) for pair_id in ids]),
        pairs.placed(ids, [same[pair_id] for pair_id in ids]),
        left_out,
        len(tried),
        sum(accepted for *_, accepted in tried),
    )
