"""What a view declares: its columns, the tables that it is made of, and its SQL."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """Rows that a view reads.

    Attributes:
        table: their table.
        stage: the stage that makes them; other stages may feed the table, too.
        is_needed: without it there is no view; without others their columns are null.
    """

    table: str
    stage: str
    is_needed: bool = True


@dataclass(frozen=True)
class QueriedTables:
    """The tables that a view is defined over.

    Attributes:
        names: of all that there are.
        seeded: those with rows of several seeds, which are joined by seed, too.
        generator: whose maps the explanations were matched with.
        mode: its mode.
    """

    names: Collection[str]
    seeded: Collection[str]
    generator: str
    mode: str

    def keys(self, table: str, named: str = "pair_id") -> str:
        """Return the columns that name a pair, or an image, of a table, for `select` and `group by`."""
        return f"{named}, seed" if table in self.seeded else named

    def same_pair(self, table: str, alias: str, base: str) -> str:
        """Return the condition that a row of a table is about the same pair, and seed, as a row of another one.

        A result that seeds share has rows of one seed alone, which then count for all.
        """
        return f"{alias}.pair_id = {base}.pair_id{self.same_seed(table, alias, base)}"

    def same_seed(self, table: str, alias: str, base: str) -> str:
        """Return what is added to a condition, so that rows of a table with several seeds are of the same seed."""
        return f" and {alias}.seed = {base}.seed" if table in self.seeded else ""


@dataclass(frozen=True)
class View:
    """A view.

    Attributes:
        name: as queries ask for it.
        meaning: what a row is.
        columns: meaning by name, in order; with several seeds `seed` comes before them.
        sources: of the view, given generator and mode of the main maps.
        sql: its query, over tables that hold all needed ones.
    """

    name: str
    meaning: str
    columns: Mapping[str, str]
    sources: Callable[[str, str], tuple[Source, ...]]
    sql: Callable[[QueriedTables], str]
