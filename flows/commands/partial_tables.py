"""Tables that several stages feed, of which some are not current: their rows would be missing without a word."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flows.engine.plan import StagePlan
from flows.engine.short_reasons import in_short, keeping
from pipeline.errors import BadSetting


@dataclass(frozen=True)
class PartialTable:
    """A table with rows of some of the stages that feed it.

    Attributes:
        name: of the table.
        missing: (seed, plan) of the stages whose rows are not there.
    """

    name: str
    missing: tuple[tuple[int, StagePlan], ...]

    def line(self) -> str:
        """Return in words whose rows are missing."""
        names = [f"{plan.stage.name} ({plan.state}, seed {seed})" for seed, plan in self.missing]
        return f"{self.name} is without the rows of {', '.join(names)}"


def asked_tables(sql: str, known: Collection[str]) -> set[str]:
    """Return which of the known tables a query reads; where DuckDB cannot tell, all that it names."""
    import duckdb

    # Without any table: those that a connection has are left out of its answer.
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        try:
            statements = connection.extract_statements(sql)
            named = {name for one in statements for name in connection.get_table_names(one.query)}
        except duckdb.Error:
            named = set(re.findall(r"\w+", sql))
    folded = {name.lower() for name in named}
    return {name for name in known if name.lower() in folded}


def partial_tables(planned: Sequence[tuple[int, Sequence[StagePlan]]], tables: Collection[str]) -> list[PartialTable]:
    """Return those of the tables that some stages feed which are current, and some which are not.

    Args:
        planned: each seed with the plans of all its stages.
        tables: names of tables.
    """
    found = []
    for name in sorted(tables):
        feeding = [
            (seed, plan)
            for seed, plans in planned
            for plan in plans
            if name in {schema.name for schema in plan.stage.tables}
        ]
        missing = tuple((seed, plan) for seed, plan in feeding if plan.manifest is None)
        if missing and len(missing) < len(feeding):
            found.append(PartialTable(name, missing))
    return found


def refuse_partial_tables(found: Sequence[PartialTable]) -> None:
    """Raise the error for a query over tables with missing rows.

    Raises:
        BadSetting: names the stages that are not current, and why the first of each table is not.
    """
    firsts = [plan for one in found for _, plan in one.missing[:1] if plan.reasons]
    reasons = {plan.stage.name: in_short(plan.reasons)[0] for plan in firsts}
    raise BadSetting(
        expected=f"all stages that feed {', '.join(one.name for one in found)} to be current",
        found="; ".join([*(one.line() for one in found), *(f"{name}: {why}" for name, why in reasons.items())]),
        where="the query",
        remedy=f"run first (sane run CONFIG{keeping(plan.reasons for plan in firsts)}), or repeat every --set of the "
        "run that is meant, or read what a run used with --run latest; --stale-ok answers without these rows",
    )
