"""SQL over the tables of all current stages, by DuckDB; files are taken from manifests, never from a glob."""

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from flows.current import current_artifacts
from flows.history_tables import history_tables
from flows.settings import Settings
from flows.settings_file import run_seeds, with_seed
from pipeline.errors import BadSetting
from stores.artifacts import ArtifactStore

if TYPE_CHECKING:
    import pyarrow as pa


def query_tables(settings: Settings, sql: str) -> "pa.Table":
    """Return the result of a query over the current tables of every seed.

    Tables of one name from several stages (such as the pairs of each split) are one table. With several
    seeds a column `seed` is added where there is none. `runtime` has a row per shard.

    Raises:
        BadSetting: the SQL is refused; the message says why and which tables there are.
    """
    import duckdb

    tables = current_tables(settings)
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        for name, table in tables.items():
            connection.register(name, table)
        try:
            relation = connection.sql(sql)
            result: pa.Table = None if relation is None else relation.to_arrow_table()
        except duckdb.Error as error:
            raise BadSetting(
                expected=f"DuckDB SQL over the tables {', '.join(sorted(tables)) or '(none: run the pipeline first)'}",
                found=str(error).strip(),
                where="the query",
                remedy="sane query CONFIG 'describe metrics' shows a table's columns",
            ) from error
    if result is None:
        raise BadSetting(
            expected="a query that returns rows",
            found=repr(sql),
            where="the query",
            remedy="such as: sane query CONFIG 'select * from metrics'",
        )
    return result


def current_tables(settings: Settings) -> "dict[str, pa.Table]":
    """Return every table of the stages that are current, by name, and those of all runs on the store."""
    import pyarrow as pa

    from stores.concurrency import at_once
    from stores.tables import table_from_rows

    pieces: dict[str, list[pa.Table]] = defaultdict(list)
    runtime: list[dict[str, Any]] = []
    seeds = run_seeds(settings)
    seen: set[tuple[str, str]] = set()
    store = ArtifactStore(settings.store.root)
    for seed in seeds:
        current = current_artifacts(with_seed(settings, seed))
        for stage, manifest in current.manifests.items():
            if (stage, manifest.fingerprint) in seen:
                continue  # what seeds share, such as the images, is one artifact
            seen.add((stage, manifest.fingerprint))
            runtime += [
                {
                    "stage": stage,
                    "shard": commit.shard_label,
                    "images": commit.counts.get("images", 0),
                    "forward_passes": commit.counts.get("forward_passes", 0),
                    "seconds": commit.seconds,
                    "device": commit.provenance.get("device"),
                }
                for commit in current.commits(stage)
            ]
            kept = [
                (commit, part, record.detail["table"])
                for commit in current.commits(stage)
                for part, record in commit.parts.items()
                if record.kind == "table"
            ]
            read = at_once(store.root, lambda table: store.read_part_table(table[0], table[1]), kept)
            for (_, _, name), table in zip(kept, read, strict=True):
                pieces[name].append(_with_seed(table, seed, len(seeds) > 1))
    tables = {name: pa.concat_tables(found) for name, found in pieces.items()}
    tables |= history_tables(ArtifactStore(settings.store.root))
    return tables | ({"runtime": table_from_rows("runtime", runtime)} if runtime else {})


def _with_seed(table: "pa.Table", seed: int, several: bool) -> "pa.Table":
    if not several or "seed" in table.column_names:
        return table
    import pyarrow as pa

    return table.append_column("seed", pa.array([seed] * len(table), pa.int64()))
