"""The page docs/configuration.md, made from the settings' own definitions; needs no torch.

Run `python -m flows.settings.page` after changing a setting; a test compares the page with the settings.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from flows.settings.configuration import Settings
from pipeline.errors import BadSetting

PAGE = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"
INTRODUCTION = """# Configuration

<!-- Made by `python -m flows.settings.page` from flows/settings; edit the settings instead of this page. -->

A configuration is one TOML file, the argument of every `sane` command.
Relative paths in it are relative to the file's own folder.
The file is UTF-8, with or without a byte order mark.
A path with backslashes stands in single quotes: 'pictures\\winter'.
`--set section.key=value` replaces a single key; the value is read as TOML, and a bare word as text.
Text that looks like a number needs its quotes there, too: `--set 'similarity_model.version="2"'`.
An unknown key is refused, with the closest known one in the message.
A key whose default is "none" is left unset by leaving it out: TOML has no null.
[data-formats.md](data-formats.md) says which keys each stage's result depends on.
"""
BOUNDS = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
TYPES = {
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "string": "text",
    "object": "table",
}


def render_configuration_page(settings: type[BaseModel] = Settings) -> str:
    """Return the page: a table of keys (type, default, meaning) for the top level and for each section.

    Raises:
        BadSetting: a key has no description, or a section no docstring.
    """
    schema = settings.model_json_schema()
    # The root's docstring describes a class, not the file.
    root = {**schema, "description": "Keys above the first section of the file."}
    return INTRODUCTION + "".join(_section("", root, schema["$defs"]))


def _section(name: str, schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> list[str]:
    if not schema.get("description"):
        raise _undocumented(f"section [{name}]")
    inner = {key: value["$ref"].rpartition("/")[2] for key, value in schema["properties"].items() if "$ref" in value}
    required = schema.get("required", ())
    rows = [
        _row(f"{name}.{key}".lstrip("."), field, key in required)
        for key, field in schema["properties"].items()
        if key not in inner
    ]
    table = ["| key | value | default | meaning |\n| --- | --- | --- | --- |\n", *rows] if rows else []
    heading = f"\n## {f'[{name}]' if name else 'Top level'}\n\n"
    text = schema["description"].removeprefix(f"[{name}]").lstrip(": .")
    lines = [heading, f"{text[0].upper()}{text[1:]}\n\n" if text else "", *table]
    for key, definition in inner.items():
        lines += _section(f"{name}.{key}".lstrip("."), definitions[definition], definitions)
    return lines


def _row(key: str, field: Mapping[str, Any], required: bool) -> str:
    if not field.get("description"):
        raise _undocumented(key)
    default = "required" if required else _default(field.get("default"))
    cells = (f"`{key}`", _value(field), default, field["description"])
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _default(value: object) -> str:
    return "none" if value is None else f"`{json.dumps(value)}`"


def _value(field: Mapping[str, Any]) -> str:
    """Return what a key accepts, in words."""
    if "anyOf" in field:
        return " or ".join(_value(choice) for choice in field["anyOf"] if choice.get("type") != "null")
    if "const" in field or "enum" in field:
        return ", ".join(f"`{json.dumps(choice)}`" for choice in field.get("enum", [field.get("const")]))
    if field["type"] == "array":
        items = field.get("prefixItems")
        return f"list of {len(items)}: {_value(items[0])}" if items else f"list of: {_value(field['items'])}"
    kind = "path" if field.get("format") == "path" else TYPES[field["type"]]
    bounds = [f"{words} {_number(field[bound])}" for bound, words in BOUNDS.items() if bound in field]
    return ", ".join([kind, " and ".join(bounds)] if bounds else [kind])


def _number(bound: float) -> str:
    return f"{int(bound):,}" if bound == int(bound) else str(bound)


def _undocumented(where: str) -> BadSetting:
    return BadSetting(
        expected="a description of every key and section",
        found="none",
        where=f"flows/settings/configuration.py, {where}",
        remedy="give the field a description, or the section a docstring",
    )


if __name__ == "__main__":
    PAGE.write_text(render_configuration_page(), encoding="utf-8")
