"""Commands about tables of results: `sane query`."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from flows.command_line.shared import Config, Debug, Overrides, readable_errors
from flows.settings.file import load_settings
from pipeline.errors import BadSetting


def query(
    config: Config,
    sql: Annotated[
        str | None,
        typer.Argument(
            help="DuckDB SQL, such as 'select * from metrics'; docs/queries.md has twenty", show_default=False
        ),
    ] = None,
    overrides: Overrides = None,
    list_all: Annotated[bool, typer.Option("--list", help="all tables and views with rows and columns")] = False,
    run: Annotated[
        str | None, typer.Option(help="read a recorded run instead: its name, its id, or latest; needs no dataset")
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format", help="table, csv, json, markdown, latex, parquet or xlsx; default: by --output's ending"
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="write to this file; parquet and xlsx need one")] = None,
    digits: Annotated[
        int | None, typer.Option(min=0, max=17, help="digits after the point of fractional numbers; not in json")
    ] = None,
    percent: Annotated[
        list[str] | None,
        typer.Option(help="show this column x 100, with one digit unless --digits is given; repeatable"),
    ] = None,
    stale_ok: Annotated[
        bool, typer.Option("--stale-ok", help="answer although rows of stages that are not current are missing")
    ] = False,
    debug: Debug = False,
) -> None:
    """Run SQL over the tables of all current stages, or of a recorded run."""
    with readable_errors(debug):
        from flows.commands.list_tables import list_tables, write_list
        from flows.commands.query import query_tables
        from flows.commands.query_output import result_output

        written = result_output(format, output, digits, percent or ())
        tell = partial(typer.echo, err=True)
        if list_all == (sql is not None):
            raise BadSetting(
                expected="SQL, or --list for all tables and views",
                found="neither" if sql is None else "both",
                where="the query",
                remedy="such as: sane query CONFIG 'select * from explained_pairs', or sane query CONFIG --list",
            )
        settings = load_settings(config, overrides or [])
        if sql is not None:
            written.write(query_tables(settings, sql, run, tell if stale_ok else None), tell)
            return
        listed = list_tables(settings, run, tell)
        if written.is_for_people:
            write_list(listed, sys.stdout)
        else:
            written.write(listed, tell)
