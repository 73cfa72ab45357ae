"""`sane compare`: two models on the same pairs, as tables, as JSON, and as a page."""

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from flows.commands.console import plain_console
from flows.compare.comparison import compare_sides
from flows.compare.gallery import read_gallery
from flows.compare.shared_pairs import find_shared_pairs
from flows.compare.sides import open_side
from pipeline.errors import BadSetting
from pipeline.evaluation.bootstrap import Interval
from pipeline.evaluation.model_comparison.answers import AnswerChanges
from pipeline.report.comparison_page import wording
from pipeline.report.comparison_page.evidence import Comparison
from pipeline.report.comparison_page.page import render_comparison
from pipeline.report.generator_names import maps_name

PAGE_NAME = "comparison.html"
TRANSITIONS_SHOWN = 12


def compare_command(
    named: tuple[str, str], overrides: tuple[Sequence[str], Sequence[str]], as_json: bool, folder: Path | None
) -> None:
    """Compare two models, print what is found, and write the page where a folder is named.

    Args:
        named: both, each CONFIG or CONFIG@RUN.
        overrides: key=value over the configuration of each.
        as_json: print JSON, with fractions, instead of tables, times 100.
        folder: for the page; made where it is not there.

    Raises:
        BadSetting: no pairs in common; or the page cannot be written; or see `open_side`.
        PipelineError, StoreError: see `open_side`.
    """
    first, second = (open_side(one, chosen) for one, chosen in zip(named, overrides, strict=True))
    shared = find_shared_pairs(first, second)
    comparison = compare_sides(first, second, shared)
    if as_json:
        sys.stdout.write(
            json.dumps(comparison_values(comparison), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        )
    else:
        print_comparison(plain_console(), comparison)
    if folder is not None:
        page = _written(folder / PAGE_NAME, render_comparison(comparison, read_gallery(first, second, shared)))
        if not as_json:
            sys.stdout.write(f"page: {page}\n")


def comparison_values(comparison: Comparison) -> dict[str, Any]:
    """Return all that the tables show as plain values; null where a figure is undefined."""
    changes = comparison.changes
    return {
        "a": vars(comparison.first),
        "b": vars(comparison.second),
        "pairs": comparison.shared,
        "cluster_unit": comparison.cluster_unit,
        "n_clusters": comparison.n_clusters,
        "notes": list(comparison.notes),
        "differs": [{"key": one.key, "a": one.first, "b": one.second} for one in comparison.differing],
        "figures": [
            {
                "metric": one.metric,
                "generator": one.generator,
                "mode": one.mode,
                "unit": one.unit,
                "a": _interval(one.first),
                "b": _interval(one.second),
                "difference": _interval(one.difference.interval),
                "p_value": _number(one.difference.p_value),
                "p_is_bound": one.difference.is_bound,
                "n": one.difference.interval.n,
            }
            for one in comparison.figures
        ],
        "answers_changed": None if changes is None else _interval(changes.changed),
        "transitions": [
            {"a": one.first, "b": one.second, "pairs": one.pairs} for one in (changes.transitions if changes else ())
        ],
        "map_agreement": [
            {
                "generator": one.generator,
                "mode": one.mode,
                "same_pair": _interval(one.agreement),
                "other_queries": _interval(one.of_other_queries),
                "n": one.agreement.n,
            }
            for one in comparison.agreements
        ],
    }


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Print what differs, both models' figures x 100, changed answers, and agreement of maps."""
    console.print(f"A: {comparison.first.name} (seed {comparison.first.seed}, {comparison.first.pairs} pairs)")
    console.print(f"B: {comparison.second.name} (seed {comparison.second.seed}, {comparison.second.pairs} pairs)")
    console.print(f"pairs that both explain: {comparison.shared}")
    for note in comparison.notes:
        console.print(f"note: {note}")
    if comparison.differing:
        rows = [(one.key, one.first, one.second) for one in comparison.differing]
        console.print(_table("what differs", ("", "A", "B"), rows))
    else:
        console.print("settings, images, pairs, weights and code are the same")
    console.print(_figures(comparison))
    if comparison.changes is not None:
        _print_changes(console, comparison.changes)
    if comparison.agreements:
        alike = [
            (maps_name(one.generator, one.mode), *map(wording.value_text, (one.agreement, one.of_other_queries)))
            for one in comparison.agreements
        ]
        names = ("rank correlation x 100 of maps", "same pair", "other queries")
        console.print(_table("how alike both models' maps are", names, alike, numbers_from=1))


def _print_changes(console: Console, changes: AnswerChanges) -> None:
    console.print(f"answers that change: {wording.value_text(changes.changed)} % of the pairs")
    rows = [
        (wording.answer_name(one.first), wording.answer_name(one.second), str(one.pairs))
        for one in changes.transitions[:TRANSITIONS_SHOWN]
    ]
    if rows:
        console.print(_table("most often", ("answer of A", "answer of B", "pairs"), rows, numbers_from=2))


def _figures(comparison: Comparison) -> Table:
    rows = [
        (
            wording.figure_name(one),
            *map(wording.value_text, (one.first, one.second, one.difference.interval)),
            wording.p_text(one),
            str(one.difference.interval.n),
        )
        for one in comparison.figures
    ]
    title = f"figures (x 100; intervals over {comparison.n_clusters} {comparison.cluster_unit} clusters; p after Holm)"
    return _table(title, ("figure", "A", "B", "A - B", "p", "pairs"), rows, numbers_from=1)


def _table(title: str, names: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int | None = None) -> Table:
    table = Table(title=title, title_justify="left")
    for place, name in enumerate(names):
        table.add_column(name, justify="left" if numbers_from is None or place < numbers_from else "right")
    for row in rows:
        table.add_row(*row)
    return table


def _interval(interval: Interval) -> dict[str, float | None]:
    return {
        "value": _number(interval.value),
        "ci_low": _number(interval.low),
        "ci_high": _number(interval.high),
    }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _written(file: Path, page: bytes) -> Path:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(page)
    except OSError as error:
        raise BadSetting(
            expected="a folder that can be written",
            found=error.strerror or str(error),
            where=f"--output {file.parent}",
            remedy="name a folder where you may write",
        ) from error
    return file
