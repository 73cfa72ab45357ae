"""The `sane figures` command: the papers' figures of a finished run as files, and what could not be made."""

from collections.abc import Sequence
from pathlib import Path

import typer

from flows.figures.catalogue import ATTENTION
from flows.figures.figure_files import AskedFigures, write_figures
from flows.figures.run_reader import RunReader


def figures_command(config: Path, overrides: Sequence[str], asked: AskedFigures) -> bool:
    """Write figures, say of each where it is or why it could not be made, and return whether all were made.

    Args:
        config: the configuration file.
        overrides: key=value over it.
        asked: which, and where to.

    Raises:
        PipelineError, StoreError: see `write_figures`.
    """
    all_made = True
    for outcome in write_figures(RunReader(config, overrides), asked):
        if outcome.not_made is None:
            typer.echo(f"{outcome.name}: {', '.join(map(str, outcome.files))}")
            continue
        all_made = False
        missing = outcome.not_made
        typer.echo(f"{outcome.name}: not made", err=True)
        for word, text in (("expected", missing.expected), ("found", missing.found), ("remedy", missing.remedy)):
            typer.echo(f"  {word}: {text}", err=True)
    if not asked.names and asked.beside is None:
        typer.echo(f"{ATTENTION}: left out, as it shows maps of two models; --beside names a run with another one")
    return all_made
