"""What the model matches by: the answers over all pairs, and the comparison that chose who gives them."""

from collections.abc import Sequence

from pipeline.report.evidence import ReportEvidence
from pipeline.report.metric_table import MetricTable
from pipeline.report.number_text import count_text, interval_text, number_text
from pipeline.report.section import Bar, Chart, Section
from pipeline.report.sections.answer_sets import sets_sentence
from pipeline.report.table_model import Cell, Column, Row, Table
from pipeline.report.table_row import TableRow
from pipeline.report.variant_names import people_name, variant_cell

SHOWN_ATTRIBUTES = 15


def answers_section(evidence: ReportEvidence) -> Section:
    """Return the shares of the attributes that answer, and who gives the answers."""
    answers, choice = evidence.answers, evidence.answer_choice
    if not answers or not choice:
        return Section("answers", "What the model matches by")
    metrics = MetricTable(evidence.metrics)
    return Section(
        "answers",
        "What the model matches by",
        tuple(text for text in (_summary(answers), _source(choice), sets_sentence(metrics)) if text),
        charts=(Chart(_chart_title(answers), tuple(answer_bars(answers))),),
        notes=(
            "The effect of an answer is read off the model’s embeddings; its interval shows how much it depends on "
            "which images it was read off, and is that of the expected effect, not of one pair’s.",
        ),
    )


def answer_bars(answers: Sequence[TableRow]) -> list[Bar]:
    """Return the attributes that answer for most pairs, with their share and their mean effect, the largest first."""
    effects: dict[str, list[float]] = {}
    for row in answers:
        if row["attribute"] is not None:
            effects.setdefault(row["attribute"], []).append(row["effect"])
    most = sorted(effects, key=lambda name: (-len(effects[name]), name))[:SHOWN_ATTRIBUTES]
    largest = max((len(effects[name]) for name in most), default=1)
    return [
        Bar(
            name,
            f"{number_text(len(effects[name]) / len(answers), 100.0, 1)} %",
            len(effects[name]) / largest,
            note=f"mean effect {number_text(sum(effects[name]) / len(effects[name]), decimals=3)}",
        )
        for name in most
    ]


def choice_table(choice: Sequence[TableRow]) -> Table:
    """Return what each variant achieves on validation pairs; the one that answers is marked."""
    columns = (
        Column("method", is_text=True),
        Column("matched effect", "similarity, ↑"),
        Column("top-1", "%, ↑"),
        Column("pairs"),
        Column("undefined"),
    )
    rows = tuple(
        Row(
            (
                variant_cell(row["variant"], "answers" if row["is_chosen"] else ""),
                Cell(
                    number_text(row["matched_effect"], decimals=3),
                    interval_text(row["ci_low"], row["ci_high"], decimals=3),
                ),
                Cell(number_text(row["top1_accuracy"], 100.0, 1)),
                Cell(count_text(row["n"])),
                Cell(count_text(row["undefined"])),
            ),
            "total" if row["is_chosen"] else "",
        )
        for row in choice
    )
    note = (
        "Matched effect: how far the score drops when the query is replaced by images without the attribute, beyond "
        "what replacements as far away that keep it cost; 0 where the query lacks it or nothing can replace it. Chosen "
        "among the candidates of each query. In brackets 95 % intervals over what pairs share."
    )
    return Table("Which method answers: validation pairs", columns, rows, (note,))


def _summary(answers: Sequence[TableRow]) -> str:
    named = [row for row in answers if row["attribute"] is not None]
    text = f"Of {count_text(len(answers))} pairs {count_text(len(named))} have an answer"
    if len(named) < len(answers):
        text += f"; for {count_text(len(answers) - len(named))} no attribute’s effect is larger than chance would give"
    labelled = sum(row["presence"] == "labels" for row in answers)
    if labelled == len(answers):
        return f"{text}. Each answer is one of the query’s own labels."
    if labelled == 0:
        return f"{text}. Labels are not used: each answer is an attribute that the query seems to have."
    return f"{text}. For {count_text(labelled)} it is one of the query’s own labels; the others have none."


def _source(choice: Sequence[TableRow]) -> str:
    (chosen,) = (row for row in choice if row["is_chosen"])
    return (
        f"The answers come from {people_name(chosen['variant'])} ({chosen['variant']}). On {count_text(chosen['n'])} "
        f"validation pairs, what it names has a matched effect of {number_text(chosen['matched_effect'], decimals=3)} "
        f"{interval_text(chosen['ci_low'], chosen['ci_high'], decimals=3)}."
    )


def _chart_title(answers: Sequence[TableRow]) -> str:
    n_attributes = len({row["attribute"] for row in answers if row["attribute"] is not None})
    shown = min(n_attributes, SHOWN_ATTRIBUTES)
    return f"Answers by attribute, share of pairs: {shown} of {n_attributes}"
