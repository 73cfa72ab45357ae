"""The tables a run ends with."""

from collections import Counter
from typing import Any

from rich.console import Console
from rich.table import Table

from flows.engine.upstream import Upstream
from pipeline.evaluation.audit.answers import ANSWER
from pipeline.explanation.variants import VARIANTS
from pipeline.report.variant_names import ordered
from pipeline.saliency.declaration import FIXED

Row = dict[str, Any]


def print_summary(console: Console, current: Upstream) -> None:
    """Print faithfulness by generator and explanations by variant, x 100 with 95 % intervals clustered by query."""
    rows = current.rows("metrics", "metrics")
    if "answers" in current.manifests:
        console.print(answers_line(current.rows("answers", "answers")), markup=False)
    areas = [{**row, "maps": _maps_name(row)} for row in rows if _is_faithfulness(row)]
    if areas:
        pivot(console, "saliency faithfulness (x 100)", areas, "maps")
    else:
        console.print("saliency faithfulness: not measured (evaluation.curves = false)")
    found = [row for row in rows if _is_retrieval(row)]
    if found:
        pivot(console, "retrieval (x 100, 95 % intervals over classes)", found, "table_name")
    # The best answer first, then what it is compared with.
    explained = [row for row in rows if _is_explanation(row)]
    names = sorted(ordered(row["variant"] for row in explained), key=lambda name: name != ANSWER)
    shown = sorted(explained, key=lambda row: names.index(row["variant"]))
    if shown:
        pivot(console, _explanations_title(shown), shown, "variant")
    told = [name for name in names if name in VARIANTS and VARIANTS[name].is_told_labels]
    if told:
        console.print(
            f"{' and '.join(told)}: told which attributes the query has, of which alone they name one; top1_accuracy "
            "says nothing about them",
            soft_wrap=True,
        )


def answers_line(answers: list[Row]) -> str:
    """Return what the model matches by: how many pairs an attribute explains, and which attributes do most often."""
    named = [row["attribute"] for row in answers if row["attribute"] is not None]
    line = f"answers: an attribute explains {len(named)} of {len(answers)} pairs"
    if not named:
        return line
    most = ", ".join(f"{name} {100 * count / len(answers):.0f} %" for name, count in Counter(named).most_common(5))
    return f"{line}, by {answers[0]['variant']}; most often {most}"


def _explanations_title(rows: list[Row]) -> str:
    """Return a title that explains the columns there are."""
    meanings = {
        "top1_accuracy": "the query has the attribute named first",
        "removal": "drop of the score without it",
        "matched_effect": "drop beyond that by images as far away that keep it",
        "hit_at_1": "it is the truly best one",
        "normalised_regret": "0 perfect, 100 a random present attribute",
    }
    metrics = {row["metric"] for row in rows}
    return f"explanations (x 100; {'; '.join(f'{name}: {text}' for name, text in meanings.items() if name in metrics)})"


def _maps_name(row: Row) -> str:
    return str(row["generator"]) if row["mode"] == FIXED else f"{row['generator']}, {row['mode']}"


def _is_faithfulness(row: Row) -> bool:
    return row["table_name"] == "saliency_faithfulness" and row["metric"] in ("insertion_auc", "deletion_auc")


def _is_retrieval(row: Row) -> bool:
    return bool(row["table_name"] == "retrieval" and row["unit"] == "share")


def _is_explanation(row: Row) -> bool:
    shown = {
        "answer": ("top1_accuracy", "matched_effect") if row["variant"] == ANSWER else (),
        "attribute_explanation": ("top1_accuracy", "removal", "matched_effect"),
        "audit": ("hit_at_1", "normalised_regret"),
    }
    return row["metric"] in shown.get(row["table_name"], ()) and "|" not in str(row["variant"])


def pivot(console: Console, title: str, rows: list[Row], key: str) -> None:
    """Print one row per value of `key` and one column per metric."""
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    cells = {(row[key], row["metric"]): row for row in rows}
    table = Table(title=title, title_justify="left")
    table.add_column(key)
    for metric in metrics:
        table.add_column(metric, justify="right")
    for name in dict.fromkeys(row[key] for row in rows):
        table.add_row(name, *(_cell(cells.get((name, metric))) for metric in metrics))
    console.print(table)


def _cell(row: Row | None) -> str:
    if row is None or row["value"] is None:
        return "-"
    interval = "" if row["ci_low"] is None else f" [{100 * row['ci_low']:.1f}, {100 * row['ci_high']:.1f}]"
    return f"{100 * row['value']:.1f}{interval}"
