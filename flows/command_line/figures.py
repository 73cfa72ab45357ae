"""Commands that write figures: `sane figures`."""

from pathlib import Path
from typing import Annotated

import typer

from flows.command_line.shared import EXIT_FAILED, Config, Debug, Overrides, readable_errors


def figures(
    config: Config,
    out: Annotated[Path, typer.Option(help="folder for the files; none that is there already is overwritten")],
    overrides: Overrides = None,
    format: Annotated[str, typer.Option("--format", help="png, svg or pdf")] = "png",
    figure: Annotated[
        list[str] | None,
        typer.Option(help="generators, explanations, replacements, prior, recoloured or attention; repeatable"),
    ] = None,
    beside: Annotated[
        Path | None, typer.Option(help="a configuration with another model on the same pairs: their attention, too")
    ] = None,
    debug: Debug = False,
) -> None:
    """Write the papers' figures of a finished run as files, each with a caption.

    Exit code 0: all are made; 1: one could not be made, which is said with the remedy.
    """
    with readable_errors(debug):
        from flows.commands.figures import figures_command
        from flows.figures.figure_files import AskedFigures

        all_made = figures_command(config, overrides or [], AskedFigures(figure or (), format, out, beside))
    if not all_made:
        raise typer.Exit(EXIT_FAILED)
