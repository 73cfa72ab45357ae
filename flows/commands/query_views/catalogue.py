"""All views: defining those whose tables are there, and what is missing of them."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from flows.commands.partial_tables import PartialTable
from flows.commands.query_views.attributes_by_class import ATTRIBUTES_BY_CLASS
from flows.commands.query_views.explained_pairs import EXPLAINED_PAIRS
from flows.commands.query_views.view import QueriedTables, View
from flows.engine.plan import StagePlan
from flows.engine.upstream import Upstream
from pipeline.saliency.declaration import FIXED
from pipeline.saliency.rise.declaration import RISE

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

VIEWS: Final[Mapping[str, View]] = {view.name: view for view in (EXPLAINED_PAIRS, ATTRIBUTES_BY_CLASS)}


def main_maps(readers: Sequence[tuple[int, Upstream]]) -> tuple[str, str]:
    """Return generator and mode of the maps that the explanations were matched with; RISE's where no run names any."""
    for _, reader in readers:
        if "explanations" in reader.manifests:
            stage = reader.manifests["explanations"].ingredients["settings"].get("maps")
            if stage is not None:  # recorded runs of other versions may not name it
                _, _, generator, mode = str(stage).split(".")
                return generator, mode
    return RISE.name, FIXED


def define_views(
    connection: "duckdb.DuckDBPyConnection", tables: "Mapping[str, pa.Table]", maps: tuple[str, str]
) -> None:
    """Define every view whose needed tables are there; a table of a view's name stays as it is.

    Args:
        connection: knows the tables.
        tables: by name.
        maps: generator and mode of the main maps.
    """
    queried = QueriedTables(frozenset(tables), _seeded(tables, maps), *maps)
    for view in VIEWS.values():
        if view.name not in tables and missing_table(view, tables, maps) is None:
            connection.execute(f"create temp view {view.name} as {view.sql(queried)}")


def missing_table(view: View, tables: Collection[str], maps: tuple[str, str]) -> str | None:
    """Return the first table that a view needs and that is not there, None where all are."""
    needed = (source.table for source in view.sources(*maps) if source.is_needed)
    return next((table for table in needed if table not in tables), None)


def partial_views(
    planned: Sequence[tuple[int, Sequence[StagePlan]]], views: Collection[str], maps: tuple[str, str]
) -> list[PartialTable]:
    """Return those of the views of whose stages some are not current.

    Args:
        planned: each seed with the plans of all its stages.
        views: names of views that are defined.
        maps: generator and mode of the main maps.
    """
    found = []
    for name in sorted(views):
        stages = {source.stage for source in VIEWS[name].sources(*maps)}
        missing = tuple(
            (seed, plan)
            for seed, plans in planned
            for plan in plans
            if plan.manifest is None and plan.stage.name in stages
        )
        if missing:
            found.append(PartialTable(name, missing))
    return found


def _seeded(tables: "Mapping[str, pa.Table]", maps: tuple[str, str]) -> frozenset[str]:
    """Return the tables with rows of several seeds; of curves those of the main maps count."""
    import pyarrow.compute as pc

    found = set()
    for name, table in tables.items():
        if "seed" not in table.column_names:
            continue
        if name == "faithfulness":
            is_main = pc.and_(pc.equal(table["generator"], maps[0]), pc.equal(table["mode"], maps[1]))
            table = table.filter(is_main)
        if pc.count_distinct(table["seed"]).as_py() > 1:
            found.add(name)
    return frozenset(found)
