"""Commands about two models: `sane compare`."""

from pathlib import Path
from typing import Annotated

import typer

from flows.command_line.shared import Debug, Overrides, readable_errors
from pipeline.errors import BadSetting

Chosen = list[str] | None


def compare(
    a: Annotated[
        str, typer.Argument(help="a configuration file, or CONFIG@RUN for a recorded run: its name, id or latest")
    ],
    b: Annotated[str, typer.Argument(help="the other, likewise; the same file with other --set-b is fine")],
    overrides: Overrides = None,
    set_a: Annotated[Chosen, typer.Option("--set-a", help="key=value over A alone; repeatable")] = None,
    set_b: Annotated[Chosen, typer.Option("--set-b", help="key=value over B alone; repeatable")] = None,
    format: Annotated[str, typer.Option("--format", help="table or json")] = "table",
    output: Annotated[Path | None, typer.Option(help="folder for comparison.html, with both galleries")] = None,
    debug: Debug = False,
) -> None:
    """Compare two models on the pairs that both explain: settings, figures with tests, answers, maps."""
    with readable_errors(debug):
        from flows.commands.compare import compare_command

        if format not in ("table", "json"):
            raise BadSetting(expected="table or json", found=format, where="--format", remedy="choose one of them")
        shared = overrides or []
        compare_command((a, b), ([*shared, *(set_a or ())], [*shared, *(set_b or ())]), format == "json", output)
