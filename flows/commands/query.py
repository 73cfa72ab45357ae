"""SQL over the tables of current stages, or of a run, by DuckDB; files are taken from manifests, never from a glob."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from flows.commands.absent_tables import absent_table
from flows.commands.partial_tables import asked_tables, partial_tables, refuse_partial_tables
from flows.commands.query_views.catalogue import VIEWS, define_views, main_maps, missing_table, partial_views
from flows.configured_runs import configured_runs
from flows.engine.history_tables import RUNTIME, history_tables
from flows.engine.run_artifacts import artifacts_of_run
from flows.engine.upstream import Upstream
from flows.settings.configuration import Settings
from flows.stages.reads import UNLABELLED_IMAGES
from pipeline.errors import BadSetting
from stores.artifacts import ArtifactStore
from stores.manifests import Commit

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


@dataclass(frozen=True)
class KnownTables:
    """What a query is asked over.

    Attributes:
        tables: by name.
        maps: generator and mode of the maps that the explanations were matched with.
    """

    tables: "dict[str, pa.Table]"
    maps: tuple[str, str]


def query_tables(
    settings: Settings, sql: str, run: str | None = None, tell_missing: Callable[[str], None] | None = None
) -> "pa.Table":
    """Return the result of a query over the current tables of every seed, or over those of a recorded run.

    Tables of one name from several stages (such as the pairs of each split) are one table. With several
    seeds a column `seed` is added where there is none. `runtime` has a row per shard. The views of `VIEWS` are there
    where their tables are.

    Args:
        settings: of all seeds; of them a recorded run needs only the store.
        sql: the query.
        run: a run's name, its id, or "latest"; None for what is current.
        tell_missing: called with a line for each table of the query from which the rows of stages that are not
            current are missing; None refuses such a query.

    Raises:
        BadSetting: the SQL is refused; the message says why, or why a table or rows of it are not there. Or there is
            no such run.
    """
    import duckdb

    known = known_tables(settings, run, sql, tell_missing)
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        register_tables(connection, known)
        try:
            relation = connection.sql(sql)
            result: pa.Table = None if relation is None else relation.to_arrow_table()
        except duckdb.Error as error:
            raise _refused_sql(settings, str(error).strip(), run, known) from error
    if result is None:
        raise BadSetting(
            expected="a query that returns rows",
            found=repr(sql),
            where="the query",
            remedy="such as: sane query CONFIG 'select * from metrics'",
        )
    return result


def known_tables(
    settings: Settings, run: str | None, sql: str = "", tell_missing: Callable[[str], None] | None = None
) -> KnownTables:
    """Return the current tables of every seed, or those of a recorded run, for a query; see `query_tables`.

    Raises:
        BadSetting: rows of a table or view that the query names are missing; or there is no such run.
        StoreError: the store cannot be read.
    """
    if run is not None:
        readers = artifacts_of_run(ArtifactStore(settings.store.root), run)
        return KnownTables(read_tables(readers, settings.store.root), main_maps(readers))
    planned = [(one, one.plans()) for one in configured_runs(settings)]
    readers = [(one.seed, one.current(plans)) for one, plans in planned]
    known = KnownTables(read_tables(readers, settings.store.root), main_maps(readers))
    asked = asked_tables(sql, {*known.tables, *VIEWS})
    plans = [(one.seed, of_seed) for one, of_seed in planned]
    views = {name for name in asked & set(VIEWS) if missing_table(VIEWS[name], known.tables, known.maps) is None}
    found = [*partial_tables(plans, asked - set(VIEWS)), *partial_views(plans, views, known.maps)]
    if found and tell_missing is None:
        refuse_partial_tables(found)
    for partial_one in found:
        if tell_missing is not None:
            tell_missing(partial_one.line())
    return known


def register_tables(connection: "duckdb.DuckDBPyConnection", known: KnownTables) -> None:
    """Make tables known to a connection, and the views that can be made of them."""
    for name, table in known.tables.items():
        connection.register(name, table)
    define_views(connection, known.tables, known.maps)


def _refused_sql(settings: Settings, message: str, run: str | None, known: KnownTables) -> BadSetting:
    """Return the error of SQL that DuckDB refuses, with what it suggests; the tables are listed only when asked for."""
    asked = re.search(r"Table with name (\w+) does not exist", message)
    absent = _absent(settings, asked[1].lower(), run, known) if asked else None
    suggested = re.search(r"(?:Did you mean|Candidate (?:bindings|tables))[: ]+(.+)", message)
    close = suggested[1].strip().rstrip("?") if suggested else ""
    # DuckDB's own tables are nobody's results.
    suggestion = f"did you mean {close}? " if close and "sqlite_" not in close else ""
    return absent or BadSetting(
        expected="DuckDB SQL over tables and columns that there are"
        + ("" if known.tables else " (there are none: run the pipeline first)"),
        found=message,
        where="the query",
        remedy=f"{suggestion}sane query CONFIG --list lists the tables, 'describe images' a table's columns",
    )


def _absent(settings: Settings, name: str, run: str | None, known: KnownTables) -> BadSetting | None:
    """Return the error for a known table or view that is not there; None for a name that nobody makes."""
    if name not in VIEWS:
        return absent_table(settings, name, run)
    table = missing_table(VIEWS[name], known.tables, known.maps)
    error = None if table is None else absent_table(settings, table, run)
    if error is None:
        return None
    return BadSetting(
        expected=f"for the view {name} {error.expected}", found=error.found, where=error.where, remedy=error.remedy
    )


def current_tables(settings: Settings) -> "dict[str, pa.Table]":
    """Return every table of the stages that are current, by name, and those of all runs on the store."""
    return read_tables([(run.seed, run.current()) for run in configured_runs(settings)], settings.store.root)


def run_tables(store_root: str, run: str) -> "dict[str, pa.Table]":
    """Return every table of the results that a run used, by name, and those of all runs on the store.

    Raises:
        BadSetting: there is no such run.
        StoreError: results of the run are gone, or cannot be read.
    """
    return read_tables(artifacts_of_run(ArtifactStore(store_root), run), store_root)


def read_tables(
    readers: Sequence[tuple[int, Upstream]], store_root: str, wanted: Collection[str] | None = None
) -> "dict[str, pa.Table]":
    """Return every table that these results hold, by name, `runtime`, and those of all runs on the store.

    Args:
        readers: seed and results; with several a column `seed` is added where there is none.
        store_root: of the store.
        wanted: the tables of results that are read; None: all of them.

    Raises:
        StoreError: the store cannot be read.
    """
    import pyarrow as pa

    from stores.concurrency import at_once
    from stores.tables import table_from_rows

    pieces: dict[str, list[pa.Table]] = defaultdict(list)
    runtime: list[dict[str, Any]] = []
    seen: set[tuple[str, str]] = set()
    for seed, reader in readers:
        for stage, manifest in reader.manifests.items():
            if (stage, manifest.fingerprint) in seen:
                continue  # what seeds share, such as the images, is one artifact
            seen.add((stage, manifest.fingerprint))
            commits = reader.commits(stage)
            runtime += [_runtime_row(stage, commit) for commit in commits]
            kept = [
                (commit, part, record.detail["table"])
                for commit in commits
                for part, record in commit.parts.items()
                if record.kind == "table" and (wanted is None or record.detail["table"] in wanted)
                # The same rows once more, as they were before attributes were discovered.
                if (stage, record.detail["table"]) != (UNLABELLED_IMAGES, "images")
            ]
            read = at_once(reader.store.root, partial(_read_table, reader.store), kept)
            for (_, _, name), table in zip(kept, read, strict=True):
                pieces[name].append(_with_seed(table, seed, len(readers) > 1))
    # Stages of one run may be of different versions; a column that only the later one has is null elsewhere.
    tables = {name: pa.concat_tables(found, promote_options="default") for name, found in pieces.items()}
    tables |= history_tables(ArtifactStore(store_root))
    return tables | ({"runtime": table_from_rows(RUNTIME, runtime)} if runtime else {})


def _read_table(store: ArtifactStore, part: tuple[Commit, str, str]) -> "pa.Table":
    commit, name, _ = part
    return store.read_part_table(commit, name)


def _runtime_row(stage: str, commit: Commit) -> dict[str, Any]:
    return {
        "stage": stage,
        "shard": commit.shard_label,
        "images": commit.counts.get("images", 0),
        "pairs": commit.counts.get("pairs", 0),
        "forward_passes": commit.counts.get("forward_passes", 0),
        "training_passes": commit.counts.get("training_passes", 0),
        "seconds": commit.seconds,
        "device": commit.provenance.get("device"),
    }


def _with_seed(table: "pa.Table", seed: int, several: bool) -> "pa.Table":
    if not several or "seed" in table.column_names:
        return table
    import pyarrow as pa

    return table.append_column("seed", pa.array([seed] * len(table), pa.int64()))
