"""Why a known table cannot be queried yet: which stage makes it, and why that stage is not current."""

from flows.configured_runs import configured_runs
from flows.engine.plan import StagePlan
from flows.engine.short_reasons import keeping, state_text
from flows.settings.configuration import Settings
from flows.stages.page import declared_tables
from pipeline.errors import BadSetting


def absent_table(settings: Settings, table: str, run: str | None) -> BadSetting | None:
    """Return the error for a table that is not there; None where no stage makes one of this name.

    Args:
        settings: of all seeds.
        table: the name that a query asks for.
        run: the recorded run that was asked, None for what is current.

    Raises:
        PipelineError, StoreError: inputs are refused, or the store cannot be read.
    """
    if table not in declared_tables():
        return None
    if run is not None:
        # A recorded run is read without its dataset, so nothing can be planned here.
        return BadSetting(
            expected=f"the table {table}",
            found="none of that name among the results that this run used",
            where=f"the query, --run {run}",
            remedy="ask a run that went that far; without --run the current results are read",
        )
    plans = configured_runs(settings)[0].plans()
    producers = [plan for plan in plans if table in {schema.name for schema in plan.stage.tables}]
    return _not_current(table, plans, producers)


def _not_current(table: str, plans: list[StagePlan], producers: list[StagePlan]) -> BadSetting:
    if not producers:
        return BadSetting(
            expected=f"a table that this configuration makes; {table} is not one of them",
            found="no stage of it that would",
            where="the query",
            remedy="sane query CONFIG --list says what there is, docs/data-formats.md what makes which table",
        )
    names = [plan.stage.name for plan in producers]
    first = next((plan for plan in plans if plan.state not in ("current", "pending")), producers[0])
    return BadSetting(
        expected=f"the table {table} of {' or '.join(names)}, current for this configuration and these --set",
        found="; ".join(
            f"{plan.stage.name} is {state_text(plan.state, plan.reasons)}" for plan in _distinct(producers[0], first)
        ),
        where="the query",
        remedy="repeat every --set of the run that made it, or read what that run used with --run latest "
        f"(or --run NAME); otherwise make it: sane run CONFIG --until {names[0]}"
        f"{keeping(plan.reasons for plan in plans)}",
    )


def _distinct(producer: StagePlan, first: StagePlan) -> list[StagePlan]:
    """Return the stage that makes the table, and the first one that is not current, where that is another."""
    chosen = [producer] if producer.reasons else []
    return chosen if first.stage.name == producer.stage.name else [*chosen, first]
