"""SQL over the tables of all current stages, by DuckDB; files are taken from manifests, never from a glob."""

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from flows.plan import plan_stages
from flows.settings import Settings
from flows.settings_file import run_seeds, with_seed
from flows.stages import build_stages
from flows.upstream import Upstream
from pipeline.errors import BadSetting
from stores.artifacts import ArtifactStore

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("table", "csv", "json", "markdown", "latex")


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
            result: pa.Table = connection.execute(sql).to_arrow_table()
        except duckdb.Error as error:
            raise BadSetting(
                expected=f"DuckDB SQL over the tables {', '.join(sorted(tables)) or '(none: run the pipeline first)'}",
                found=str(error).strip(),
                where="the query",
                remedy="sane query CONFIG 'describe metrics' shows a table's columns",
            ) from error
        return result


def current_tables(settings: Settings) -> "dict[str, pa.Table]":
    """Return every table of the stages that are current, by name."""
    import pyarrow as pa

    from stores.tables import table_from_rows

    store = ArtifactStore(settings.store.root)
    pieces: dict[str, list[pa.Table]] = defaultdict(list)
    runtime: list[dict[str, Any]] = []
    seeds = run_seeds(settings)
    seen: set[tuple[str, str]] = set()
    for seed in seeds:
        plans = plan_stages(build_stages(with_seed(settings, seed)), store)
        manifests = {plan.stage.name: plan.manifest for plan in plans if plan.manifest is not None}
        upstream = Upstream(store, manifests)
        for stage, manifest in manifests.items():
            if (stage, manifest.fingerprint) in seen:
                continue  # what seeds share, such as the images, is one artifact
            seen.add((stage, manifest.fingerprint))
            for commit in upstream.commits(stage):
                runtime.append(
                    {
                        "stage": stage,
                        "shard": commit.shard_label,
                        "images": commit.counts.get("images", 0),
                        "forward_passes": commit.counts.get("forward_passes", 0),
                        "seconds": commit.seconds,
                        "device": commit.provenance.get("device"),
                    }
                )
                for part, record in commit.parts.items():
                    if record.kind == "table":
                        table = store.read_part_table(commit, part)
                        pieces[record.detail["table"]].append(_with_seed(table, seed, len(seeds) > 1))
    tables = {name: pa.concat_tables(found) for name, found in pieces.items()}
    return tables | {"runtime": table_from_rows("runtime", runtime)}


def _with_seed(table: "pa.Table", seed: int, several: bool) -> "pa.Table":
    if not several or "seed" in table.column_names:
        return table
    import pyarrow as pa

    return table.append_column("seed", pa.array([seed] * len(table), pa.int64()))


def render_result(table: "pa.Table", output_format: str) -> str:
    """Return a query's result as text.

    Raises:
        BadSetting: unknown format.
    """
    if output_format not in FORMATS:
        raise BadSetting(
            expected=", ".join(FORMATS), found=output_format, where="--format", remedy="choose one of them"
        )
    frame = table.to_pandas()
    if output_format == "csv":
        return str(frame.to_csv(index=False))
    if output_format == "json":
        return str(frame.to_json(orient="records", indent=2)) + "\n"
    if output_format == "markdown":
        return _markdown(frame.columns.tolist(), frame.astype(str).to_numpy().tolist())
    if output_format == "latex":
        return _latex(frame.columns.tolist(), frame.astype(str).to_numpy().tolist())
    return str(frame.to_string(index=False)) + "\n"


def _markdown(columns: list[str], rows: list[list[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _latex(columns: list[str], rows: list[list[str]]) -> str:
    def line(cells: list[str]) -> str:
        escaped = [cell.replace("\\", r"\textbackslash{}") for cell in cells]
        for character in "&%$#_{}":
            escaped = [cell.replace(character, "\\" + character) for cell in escaped]
        return " & ".join(escaped) + r" \\" + "\n"

    body = "".join(line(row) for row in rows)
    return f"\\begin{{tabular}}{{{'l' * len(columns)}}}\n{line(columns)}\\hline\n{body}\\end{{tabular}}\n"
