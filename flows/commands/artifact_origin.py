"""What `sane status --artifact` prints: what a file in the store belongs to, and where that came from."""

import json
import sys
from typing import Any

from flows.commands.console import plain_console
from flows.engine.maintenance.artifact_origin import artifact_origin


def print_origin(store_root: str, path: str, as_json: bool) -> None:
    """Print where an artifact comes from; as JSON, one object.

    Raises:
        BadRequest: the path is outside the store, or belongs to no result.
        StoreError: a record on the way is damaged.
    """
    origin = artifact_origin(store_root, path)
    if as_json:
        sys.stdout.write(json.dumps(origin, indent=2) + "\n")
        return
    console = plain_console()
    for name, value in origin.items():
        console.print(f"{name}: {_text(value)}", soft_wrap=True)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, dict):
        return "".join(f"\n  {name}: {_text(inner)}" for name, inner in value.items()) or "-"
    if isinstance(value, list):
        return "".join(
            f"\n  {', '.join(map(str, item.values())) if isinstance(item, dict) else item}" for item in value
        )
    return str(value)
