"""The figures of an analysis as tables: the papers' Table 3 beside theirs, conditions, models, sizes of studies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.evaluation.bootstrap import Interval
from pipeline.report.number_text import MISSING, PERCENT, count_text, interval_text, number_text, p_value_text
from pipeline.report.table_model import Cell, Column, Row, Table, paper_cell
from pipeline.study.analysis import AnalysisPlan, NeededSubjects, ProtocolAnalysis
from pipeline.study.design import PREFERENCE
from pipeline.study.effects import SHOWN_LEFT, DatasetModel
from pipeline.study.mixed_logit import COEFFICIENT_PRIOR
from pipeline.study.paper_figures import PAPER_PREFERENCES, SOURCE
from pipeline.study.shares import EVERYONE, Share

_HEADINGS: Final = {
    PREFERENCE: "Which attribute explains the match better",
    "prediction": "Which match does the model score higher",
}
_COUNTED: Final = {
    PREFERENCE: "Percent of answers that chose the attribute named for the pair over a random one",
    "prediction": "Percent of answers that chose the match that the model scores higher",
}
_FEW: Final = 10


@dataclass(frozen=True)
class AnalysisSection:
    """A section of the page.

    Attributes:
        anchor: of its headings.
        heading: its name.
        paragraphs: above the tables.
        tables: its figures.
    """

    anchor: str
    heading: str
    paragraphs: tuple[str, ...]
    tables: tuple[Table, ...]


def analysis_sections(analyses: Sequence[ProtocolAnalysis], plan: AnalysisPlan) -> list[AnalysisSection]:
    """Return a section for each protocol."""
    return [_section(found, plan) for found in analyses]


def _section(found: ProtocolAnalysis, plan: AnalysisPlan) -> AnalysisSection:
    left, rules = found.exclusions, plan.rules
    paragraphs = [
        f"{count_text(found.answers)} answers of {left.kept} of {left.sessions} sessions. Left out: "
        f"{left.unfinished} unfinished, {left.inattentive} with more than {rules.failed_checks_allowed} wrong "
        "answers to attention checks."
    ]
    if left.kept < _FEW:
        paragraphs.append(
            f"Fewer than {_FEW} sessions: intervals over them say how these subjects answer, hardly how others would."
        )
    tables = [preference_table(found) if found.protocol == PREFERENCE else condition_table(found)]
    if found.differences:
        tables.append(_difference_table(found))
    tables += [_model_table(model) for model in found.models if model.fit is not None]
    paragraphs += [f"No model of {model.dataset}: {model.reason}." for model in found.models if model.fit is None]
    if found.needed:
        tables.append(_size_table(found.needed, plan.power))
    return AnalysisSection(found.protocol, _HEADINGS[found.protocol], tuple(paragraphs), tuple(tables))


def preference_table(found: ProtocolAnalysis) -> Table:
    """Return the layout of the papers' Table 3: a row for each dataset and source, columns for all and each group."""
    groups = _groups(found.shares)
    keys = list(dict.fromkeys((share.dataset, share.condition) for share in found.shares))
    by_key = {(share.dataset, share.condition, share.group): share for share in found.shares}
    before = {(share.dataset, share.condition, share.group): share for share in found.all_shares}
    with_papers = any(share.kind in PAPER_PREFERENCES for share in found.shares)
    columns = [Column("Dataset", is_text=True), Column("Attribute of", is_text=True)]
    columns += [Column(_group_name(group), group="% preferred") for group in groups]
    columns.append(Column("Without exclusions"))
    if with_papers:
        columns += [Column(name, group="papers") for name in ("Total", "Male", "Female")]
    rows = []
    for dataset, source in keys:
        kind = by_key[dataset, source, EVERYONE].kind
        cells = [Cell(dataset), Cell(source)]
        cells += [_share_cell(by_key.get((dataset, source, group))) for group in groups]
        cells.append(_share_cell(before.get((dataset, source, EVERYONE))))
        if with_papers:
            paper = PAPER_PREFERENCES.get(kind)
            cells += [paper_cell(getattr(paper, name, None)) for name in ("total", "male", "female")]
        rows.append(Row(tuple(cells)))
    notes = [_interval_note(found.protocol)]
    if with_papers:
        notes.append(f"Papers: {SOURCE}. Their subjects, items and models differ, so the figures are no target.")
    return Table("Preferred explanations", tuple(columns), tuple(rows), tuple(notes))


def condition_table(found: ProtocolAnalysis) -> Table:
    """Return a row for each dataset and condition, columns for all and each group."""
    groups = _groups(found.shares)
    by_key = {(share.dataset, share.condition, share.group): share for share in found.shares}
    columns = [Column("Dataset", is_text=True), Column("Shown beside the images", is_text=True)]
    columns += [Column(_group_name(group), group="% right") for group in groups]
    rows = [
        Row(
            (
                Cell(dataset),
                Cell(condition),
                *(_share_cell(by_key.get((dataset, condition, group))) for group in groups),
            )
        )
        for dataset, condition in dict.fromkeys((share.dataset, share.condition) for share in found.shares)
    ]
    return Table("Right predictions", tuple(columns), tuple(rows), (_interval_note(found.protocol),))


def _difference_table(found: ProtocolAnalysis) -> Table:
    columns = (
        Column("Dataset", is_text=True),
        Column("Condition", is_text=True),
        Column("minus", is_text=True),
        Column("Difference", "points"),
        Column("p"),
    )
    rows = []
    for difference in found.differences:
        result = difference.difference
        cells = (
            Cell(difference.dataset),
            Cell(difference.first),
            Cell(difference.second),
            _interval_cell(result.interval),
            Cell(p_value_text(result.p_value, result.is_bound)),
        )
        rows.append(Row(cells))
    note = (
        "The same subjects in both conditions, resampled whole; p after Holm’s correction, over the differences from "
        "the first condition and over the others."
    )
    return Table("Differences between conditions", columns, tuple(rows), (note,))


def _model_table(model: DatasetModel) -> Table:
    columns = (
        Column("Term", is_text=True),
        Column("Log odds"),
        Column("As a share", "%"),
        Column("p", "of 0"),
    )
    rows = []
    for term in model.terms:
        name = f"{term.term}, against {term.compared_with}" if term.compared_with else term.term
        name = "target shown left, against right" if term.term == SHOWN_LEFT else name
        share = term.as_share
        as_share = Cell(MISSING, tone="muted")
        if share is not None:
            as_share = Cell(number_text(share[0], PERCENT), interval_text(share[1], share[2], PERCENT))
        odds = Cell(number_text(term.log_odds, decimals=2), interval_text(term.low, term.high, decimals=2))
        rows.append(Row((Cell(name), odds, as_share, Cell(p_value_text(term.p_value)))))
    fit = model.fit
    assert fit is not None
    spreads = (
        f"Subjects differ by a standard deviation of {number_text(fit.subject_spread, decimals=2)}, items by "
        f"{number_text(fit.item_spread, decimals=2)} (log odds); {fit.answers} answers, {fit.subjects} subjects, "
        f"{fit.items} items."
    )
    method = (
        "Logistic regression with normal random effects of subject and item. Their standard deviations are those of "
        "statsmodels’ variational Bayes, coefficients and intervals those of penalised quasi-likelihood at them, with "
        f"a normal prior of standard deviation {COEFFICIENT_PRIOR:g} on the coefficients. It speaks of subjects and "
        "items like these; the intervals over subjects above speak of these items alone."
    )
    return Table(f"Mixed-effects model, {model.dataset}", columns, tuple(rows), (spreads, method))


def _size_table(needed: Sequence[NeededSubjects], power: float) -> Table:
    sizes = [found.subjects for found in needed[0].powers]
    columns = [Column("Dataset", is_text=True), Column("Effect", is_text=True), Column("Subjects needed")]
    columns += [Column(count_text(size), group="Power in % by number of subjects") for size in sizes]
    rows = []
    for found in needed:
        wanted = count_text(found.subjects) if found.subjects is not None else f"> {sizes[-1]}"
        powers = [Cell(number_text(entry.power, PERCENT, 0)) for entry in found.powers]
        rows.append(Row((Cell(found.dataset), Cell(found.effect), Cell(wanted), *powers)))
    note = (
        f"Simulated with the model’s figures; needed is what gives {number_text(power, PERCENT, 0)} % power at 5 %. "
        "The figures are estimates themselves: an effect that was found because it came out large is overrated."
    )
    return Table("How many subjects such a study needs", tuple(columns), tuple(rows), (note,))


def _groups(found: Sequence[Share]) -> list[str]:
    return [EVERYONE, *sorted({share.group for share in found} - {EVERYONE})]


def _group_name(group: str) -> str:
    return "Total" if group == EVERYONE else group


def _interval_note(protocol: str) -> str:
    return f"{_COUNTED[protocol]}; 95 % intervals over subjects, who are resampled whole; 50 is chance."


def _share_cell(share: Share | None) -> Cell:
    if share is None:
        return Cell(MISSING, tone="muted")
    cell = _interval_cell(share.interval)
    counts = f"{share.interval.n} answers, {share.interval.n_clusters} subjects"
    return Cell(cell.text, f"{cell.note}\n{counts}".strip())


def _interval_cell(interval: Interval) -> Cell:
    note = interval_text(interval.low, interval.high, PERCENT)
    return Cell(number_text(interval.value, PERCENT), note)
