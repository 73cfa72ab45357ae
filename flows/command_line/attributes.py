"""Commands about discovered attributes: `sane attributes name`."""

from typing import Annotated

import typer

from flows.command_line.shared import Config, Debug, Format, Overrides, check_text_or_json, readable_errors
from flows.settings.file import load_settings

attributes = typer.Typer(no_args_is_help=True, help="Discovered attributes: see docs/discovery.md.")


@attributes.callback()
def _group() -> None:
    """Keep `name` a command of its own, although it is the only one."""


@attributes.command("name")
def name_attribute(
    config: Config,
    attribute: Annotated[str | None, typer.Argument(help="a discovered attribute, such as cluster-01")] = None,
    name: Annotated[str | None, typer.Argument(help="its name; an empty one takes the name away")] = None,
    overrides: Overrides = None,
    format: Format = "text",
    debug: Debug = False,
) -> None:
    """Name a discovered attribute; alone, list them with their names and the labels they agree with most."""
    with readable_errors(debug):
        from flows.commands.attribute_names import name_attributes

        check_text_or_json(format)
        name_attributes(load_settings(config, overrides or []), attribute, name, format == "json")
