"""SQL over the tables of current stages, or of a run, by DuckDB; files are taken from manifests, never from a glob."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from flows.commands.absent_tables import absent_table
from flows.commands.partial_tables import asked_tables, partial_tables, refuse_partial_tables
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
    import pyarrow as pa


def query_tables(
    settings: Settings, sql: str, run: str | None = None, tell_missing: Callable[[str], None] | None = None
) -> "pa.Table":
    """Return the result of a query over the current tables of every seed, or over those of a recorded run.

    Tables of one name from several stages (such as the pairs of each split) are one table. With several
    seeds a column `seed` is added where there is none. `runtime` has a row per shard.

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

    if run is None:
        tables = _whole_tables(settings, sql, tell_missing)
    else:
        tables = run_tables(settings.store.root, run)
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        for name, table in tables.items():
            connection.register(name, table)
        try:
            relation = connection.sql(sql)
            result: pa.Table = None if relation is None else relation.to_arrow_table()
        except duckdb.Error as error:
            raise _refused_sql(settings, str(error).strip(), run, bool(tables)) from error
    if result is None:
        raise BadSetting(
            expected="a query that returns rows",
            found=repr(sql),
            where="the query",
            remedy="such as: sane query CONFIG 'select * from metrics'",
        )
    return result


def _refused_sql(settings: Settings, message: str, run: str | None, has_tables: bool) -> BadSetting:
    """Return the error of SQL that DuckDB refuses, with what it suggests; the tables are listed only when asked for."""
    asked = re.search(r"Table with name (\w+) does not exist", message)
    absent = absent_table(settings, asked[1].lower(), run) if asked else None
    suggested = re.search(r"(?:Did you mean|Candidate (?:bindings|tables))[: ]+(.+)", message)
    close = suggested[1].strip().rstrip("?") if suggested else ""
    # DuckDB's own tables are nobody's results.
    suggestion = f"did you mean {close}? " if close and "sqlite_" not in close else ""
    return absent or BadSetting(
        expected="DuckDB SQL over tables and columns that there are"
        + ("" if has_tables else " (there are none: run the pipeline first)"),
        found=message,
        where="the query",
        remedy=f"{suggestion}sane query CONFIG 'show tables' lists the tables, 'describe images' a table's columns",
    )


def _whole_tables(settings: Settings, sql: str, tell_missing: Callable[[str], None] | None) -> "dict[str, pa.Table]":
    planned = [(run, run.plans()) for run in configured_runs(settings)]
    tables = read_tables([(run.seed, run.current(plans)) for run, plans in planned], settings.store.root)
    found = partial_tables([(run.seed, plans) for run, plans in planned], asked_tables(sql, tables))
    if found and tell_missing is None:
        refuse_partial_tables(found)
    for one in found:
        if tell_missing is not None:
            tell_missing(one.line())
    return tables


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
