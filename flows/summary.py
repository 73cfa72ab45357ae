"""The tables a run ends with."""

from typing import Any

from rich.console import Console
from rich.table import Table

from flows.query import query_tables
from flows.settings import Settings

FAITHFULNESS_SQL = """
select generator, metric, value, ci_low, ci_high, n from metrics
where table_name = 'saliency_faithfulness' and unit = 'share' and metric in ('insertion_auc', 'deletion_auc')
"""
EXPLANATION_SQL = """
select variant, metric, value, ci_low, ci_high, n from metrics
where (table_name = 'attribute_explanation' and metric in ('top1_accuracy', 'removal'))
   or (table_name = 'audit' and metric in ('hit_at_1', 'normalised_regret'))
"""


def print_summary(console: Console, settings: Settings) -> None:
    """Print faithfulness by generator and explanations by variant, x 100 with 95 % intervals."""
    pivot(console, "saliency faithfulness (x 100)", settings, FAITHFULNESS_SQL, "generator")
    title = "explanations (x 100; removal: drop of the score; regret: 0 perfect, 100 a random present attribute)"
    pivot(console, title, settings, EXPLANATION_SQL, "variant")


def pivot(console: Console, title: str, settings: Settings, sql: str, key: str) -> None:
    """Print one row per key and one column per metric."""
    rows: list[dict[str, Any]] = query_tables(settings, sql).to_pylist()
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    cells = {(row[key], row["metric"]): row for row in rows}
    table = Table(title=title, title_justify="left")
    table.add_column(key)
    for metric in metrics:
        table.add_column(metric, justify="right")
    for name in dict.fromkeys(row[key] for row in rows):
        table.add_row(name, *(_cell(cells.get((name, metric))) for metric in metrics))
    console.print(table)


def _cell(row: dict[str, Any] | None) -> str:
    if row is None or row["value"] is None:
        return "-"
    interval = "" if row["ci_low"] is None else f" [{100 * row['ci_low']:.1f}, {100 * row['ci_high']:.1f}]"
    return f"{100 * row['value']:.1f}{interval}"
