"""The figures of an analysis as rows with the same columns, for CSV and JSON."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from pipeline.evaluation.bootstrap import Interval
from pipeline.study.analysis import ProtocolAnalysis
from pipeline.study.effects import DatasetModel

_COLUMNS: Final = (
    *("protocol", "figure", "dataset", "condition", "compared_with", "group", "term"),
    *("value", "low", "high", "p_value", "p_is_bound", "answers", "subjects"),
)


def analysis_rows(analyses: Sequence[ProtocolAnalysis]) -> list[dict[str, Any]]:
    """Return all figures; None where a column does not apply, NaN where a figure is undefined.

    `figure` is `share` (of the sessions that are kept), `share_of_all_sessions`, `difference` (condition minus
    compared_with), `log_odds`, `subject_spread` and `item_spread` of the model, `power` by `subjects`, or counts of
    sessions. Shares and their differences are fractions.
    """
    rows = [{"protocol": found.protocol, **row} for found in analyses for row in _rows(found)]
    return [{name: row.get(name) for name in _COLUMNS} for row in rows]


def _rows(found: ProtocolAnalysis) -> Iterator[dict[str, Any]]:
    for figure, of_which in (("share", found.shares), ("share_of_all_sessions", found.all_shares)):
        for share in of_which:
            named = {"dataset": share.dataset, "condition": share.condition, "group": share.group}
            yield {"figure": figure, **named, **_interval(share.interval)}
    for one in found.differences:
        named = {"dataset": one.dataset, "condition": one.first, "compared_with": one.second}
        tested = {"p_value": one.difference.p_value, "p_is_bound": one.difference.is_bound}
        yield {"figure": "difference", **named, **_interval(one.difference.interval), **tested}
    for model in found.models:
        yield from _model_rows(model)
    for needed in found.needed:
        for power in needed.powers:
            named = {"dataset": needed.dataset, "term": needed.effect}
            yield {"figure": "power", **named, "value": power.power, "subjects": power.subjects}
    for name in ("sessions", "unfinished", "inattentive", "kept"):
        yield {"figure": f"sessions_{name}", "value": float(getattr(found.exclusions, name))}


def _interval(interval: Interval) -> dict[str, Any]:
    return {
        "value": interval.value,
        "low": interval.low,
        "high": interval.high,
        "answers": interval.n,
        "subjects": interval.n_clusters,
    }


def _model_rows(model: DatasetModel) -> list[dict[str, Any]]:
    if model.fit is None:
        return []
    counts = {"answers": model.fit.answers, "subjects": model.fit.subjects}
    rows: list[dict[str, Any]] = [
        {
            "figure": "log_odds",
            "dataset": term.dataset,
            "term": term.term,
            "compared_with": term.compared_with or None,
            "value": term.log_odds,
            "low": term.low,
            "high": term.high,
            "p_value": term.p_value,
            **counts,
        }
        for term in model.terms
    ]
    for name, value in (("subject_spread", model.fit.subject_spread), ("item_spread", model.fit.item_spread)):
        rows.append({"figure": name, "dataset": model.dataset, "value": value, **counts})
    return rows
