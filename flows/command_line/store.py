"""Commands about what a store holds: `sane status`, `verify`, `gc`."""

from pathlib import Path
from typing import Annotated

import typer

from flows.command_line.shared import (
    EXIT_FAILED,
    Config,
    Debug,
    Format,
    Overrides,
    Verbose,
    check_text_or_json,
    readable_errors,
)
from flows.settings.file import load_settings
from pipeline.errors import BadSetting


def status(
    config: Config,
    overrides: Overrides = None,
    failed: Annotated[bool, typer.Option("--failed", help="show the shards that failed and are not done yet")] = False,
    artifact: Annotated[str | None, typer.Option(help="show where this file of the store came from")] = None,
    format: Format = "text",
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Show every stage: current, stale (and why), partial, pending or missing."""
    if failed or artifact is not None:
        _status_of_part(config, overrides, failed, artifact, format, debug)
        return
    with readable_errors(debug):
        from flows.commands.status import print_plans

        check_text_or_json(format)
        print_plans(load_settings(config, overrides or []), format == "json", str(config), verbose)


def _status_of_part(
    config: Path, overrides: list[str] | None, failed: bool, artifact: str | None, format: str, debug: bool
) -> None:
    with readable_errors(debug):
        from flows.commands.artifact_origin import print_origin
        from flows.commands.failed_status import print_failures

        check_text_or_json(format)
        settings = load_settings(config, overrides or [])
        if failed and artifact is not None:
            raise BadSetting(expected="one of them", found="both", where="--failed, --artifact", remedy="ask twice")
        if artifact is not None:
            print_origin(settings.store.root, artifact, as_json=format == "json")
        else:
            print_failures(settings, as_json=format == "json")


def verify(
    config: Config,
    overrides: Overrides = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="remove what is damaged, so that a run makes it anew")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="read all that the store holds, whatever made it")] = False,
    format: Format = "text",
    debug: Debug = False,
) -> None:
    """Read every result that counts for the configuration and name what is damaged.

    Exit code 0: all is whole, or --repair removed what was not; 1: something is damaged, or could not be removed.
    """
    with readable_errors(debug):
        from flows.commands.verify import verify_command

        check_text_or_json(format)
        whole = verify_command(load_settings(config, overrides or []), everything, repair, format == "json")
    if not whole:
        raise typer.Exit(EXIT_FAILED)


def gc(
    configs: Annotated[list[Path], typer.Argument(help="configurations whose results are kept, all on one store")],
    overrides: Overrides = None,
    delete: Annotated[bool, typer.Option("--delete", help="delete; without it nothing is changed")] = False,
    unpin: Annotated[str | None, typer.Option(help="a named run whose results need no longer be kept")] = None,
    format: Format = "text",
    debug: Debug = False,
) -> None:
    """Show what of a store is not needed any more, and delete it with --delete.

    Kept is what is current or in progress for the configurations, what named runs used, and what runs work with now.
    """
    with readable_errors(debug):
        from flows.commands.collect import collect_command

        check_text_or_json(format)
        chosen = [(str(config), load_settings(config, overrides or [])) for config in configs]
        collect_command(chosen, delete, unpin, format == "json")
