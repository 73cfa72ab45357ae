"""The section on the audit: what each variant named, against the effects that re-rendering shows to be true."""

from pipeline.evaluation.audit.answers import BOUNDS, PRESENT
from pipeline.report.comparisons import comparison_table
from pipeline.report.evidence import ReportEvidence
from pipeline.report.few_clusters import count_cell, few_clusters_note
from pipeline.report.metric_table import Estimate, MetricTable
from pipeline.report.number_text import PERCENT, count_text, interval_text, number_text
from pipeline.report.section import Bar, Chart, Section
from pipeline.report.sections.answer_sets import sets_table
from pipeline.report.sections.audit_agreement import agreement_table, directions_table
from pipeline.report.sections.replacement_validity import validity_table
from pipeline.report.table_model import Column, NumberFormat, Row, Table, estimate_cell
from pipeline.report.variant_names import TOLD_LABELS, ordered, variant_cell

_SHARE = NumberFormat(scale=100.0, decimals=1)
_REGRET = NumberFormat(scale=1.0, decimals=2)
# By metric, in the order of the columns.
_FORMATS = {
    "normalised_regret": _REGRET,
    "hit_at_1": _SHARE,
    "used": _SHARE,
    "skill": _REGRET,
    "absent_naming": _SHARE,
}
_BOUNDS = ("oracle", "random_present")
_EFFECT_LEGEND = (("var(--orange)", "driver: the planted similarity uses it"), ("var(--pale)", "distractor"))


def audit_section(evidence: ReportEvidence) -> Section:
    """Return the audit's tables, what bounds them, and the true effects of the attributes."""
    metrics = MetricTable(evidence.metrics)
    tables = (
        audit_table(metrics, False),
        audit_table(metrics, True),
        audit_comparison_table(metrics),
        agreement_table(metrics),
        directions_table(metrics),
        sets_table(metrics),
        validity_table(metrics),
    )
    bars = effect_bars(metrics)
    title = "Mean |effect| of an attribute on the score, × 100"
    return Section(
        "audit",
        "Audit against true causes",
        (
            "The items are rendered, so the cause of every match can be tested: change one attribute of the "
            "query, render it again, and see how far the score moves. No figure of the papers corresponds to "
            "this. The measure on which claims rest, fixed in advance, is normalised regret.",
        ),
        tiles=tuple(instrument_facts(metrics)),
        tables=tuple(table for table in tables if table is not None),
        charts=(Chart(title, tuple(bars), _EFFECT_LEGEND),) if bars else (),
    )


def audit_table(metrics: MetricTable, among_present: bool) -> Table | None:
    """Return regret, hits, use, skill and absent naming by variant; None without any figure.

    Args:
        metrics: the figures.
        among_present: rank only the attributes that the query has, instead of all.
    """
    every = metrics.variants("audit", "normalised_regret")
    chosen = [name for name in every if name.endswith(PRESENT) == among_present and name not in _BOUNDS]
    if not chosen:
        return None
    names = {name.removesuffix(PRESENT): name for name in chosen}
    # Among the query's own attributes all are told the labels alike.
    best = _lowest_regret(metrics, [name for name in chosen if among_present or name not in TOLD_LABELS])
    shown = [metric for metric in _FORMATS if not (among_present and metric == "absent_naming")]
    rows = [_row(metrics, names[variant], shown, best) for variant in ordered(names)]
    rows += [_row(metrics, bound, shown, None, "muted") for bound in _BOUNDS if bound in every]
    title = "Audit, naming one of the query’s attributes" if among_present else "Audit, naming any attribute"
    notes = (*(() if among_present else _notes()), *few_clusters_note(metrics.all_in("audit")))
    return Table(title, _columns(shown), tuple(rows), notes)


def audit_comparison_table(metrics: MetricTable) -> Table | None:
    """Return the differences of normalised regret that were fixed in advance; None without any."""
    estimates = metrics.all_of("audit_comparison", "regret_difference")
    return comparison_table("Normalised regret compared", "difference, ↓", estimates, -1, _REGRET)


def instrument_facts(metrics: MetricTable) -> list[tuple[str, str, str]]:
    """Return what bounds every variant, as (name, figure, explanation); empty without an audit."""
    facts = []
    for metric, name, meaning, number in (
        ("eligible_share", "eligible pairs", "some attribute’s true effect exceeds the floor", _SHARE),
        (
            "largest_effect_is_absence",
            "best cause is an absence",
            "a ceiling: only attributes that are there can be named",
            _SHARE,
        ),
        ("effect_floor", "floor of an effect", "edits that should not matter stay below it", _REGRET),
        (
            "target_correlation",
            "model follows the plan",
            "correlation of its scores with the planted ones",
            _REGRET,
        ),
        ("drivers_not_learned", "drivers not learned", "planted causes that the model ignores", None),
    ):
        estimate = metrics.single("audit_instrument", metric)
        if estimate is not None:
            facts.append((name, _fact_text(estimate, number), _fact_meaning(estimate, meaning)))
    return facts


def effect_bars(metrics: MetricTable) -> list[Bar]:
    """Return the mean |effect| x 100 of each attribute, largest first, drivers highlighted."""
    estimates = [
        estimate
        for estimate in metrics.all_of("audit_effect", "mean_absolute_effect")
        if estimate.value is not None and estimate.attribute
    ]
    estimates.sort(key=lambda estimate: (-(estimate.value or 0.0), estimate.attribute or ""))
    largest = max((estimate.value or 0.0 for estimate in estimates), default=0.0) or 1.0
    return [
        Bar(
            estimate.attribute or "",
            number_text(estimate.value, PERCENT, 2),
            max(estimate.value or 0.0, 0.0) / largest,
            "driver" if estimate.variant == "driver" else "distractor",
            interval_text(estimate.low, estimate.high, PERCENT, 2),
        )
        for estimate in estimates
    ]


def _fact_text(estimate: Estimate, number: NumberFormat | None) -> str:
    if number is None:
        return f"{count_text(estimate.value)} of {count_text(estimate.n)}"
    if number is _SHARE:
        return f"{number_text(estimate.value, 100.0, 1)} %"
    return number_text(estimate.value, number.scale, 3)


def _fact_meaning(estimate: Estimate, meaning: str) -> str:
    if estimate.attribute:
        return f"{meaning}: {estimate.attribute}"
    interval = interval_text(estimate.low, estimate.high, 100.0, 1)
    return f"{meaning} {interval}".strip()


def _lowest_regret(metrics: MetricTable, variants: list[str]) -> str | None:
    regrets = {}
    for variant in variants:
        estimate = metrics.of_variant("audit", "normalised_regret", variant)
        if estimate is not None and estimate.value is not None:
            regrets[variant] = estimate.value
    return min(regrets, key=lambda variant: regrets[variant], default=None)


def _row(metrics: MetricTable, variant: str, shown: list[str], best: str | None, tone: str = "") -> Row:
    name = variant.removesuffix(PRESENT)
    cells = [variant_cell(name, BOUNDS.get(name, "") if tone == "muted" else "")]
    for metric in shown:
        marked = "best" if variant == best and metric == "normalised_regret" else ""
        cells.append(estimate_cell(metrics.of_variant("audit", metric, variant), _FORMATS[metric], marked))
    regret = metrics.of_variant("audit", "normalised_regret", variant)
    cells.append(count_cell(regret))
    return Row(tuple(cells), tone)


def _columns(shown: list[str]) -> tuple[Column, ...]:
    by_metric = {
        "normalised_regret": Column("normalised regret", "0 perfect, 1 random"),
        "hit_at_1": Column("hit@1", "%, ↑"),
        "used": Column("used", "%, ↑"),
        "skill": Column("skill", "1 perfect, 0 constant"),
        "absent_naming": Column("absent named", "%, ↓"),
    }
    return (Column("method", is_text=True), *(by_metric[name] for name in shown), Column("pairs", "eligible"))


def _notes() -> tuple[str, ...]:
    return (
        "Every query is rendered again with one attribute changed; the change of the model’s score is the "
        "attribute’s true effect. Normalised regret: how much of the best effect the named attribute misses, "
        "as a share of what naming one of the query’s attributes at random misses; above 1 is worse than "
        "that. Hit@1: at least 90 % of the best effect. Used: an effect above the floor. Skill: 1 − regret / "
        "regret of the best constant. Bold: the lowest regret among methods that are not "
        "told the query’s labels. In brackets 95 % intervals, clustered by query.",
    )
