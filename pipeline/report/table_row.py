"""A row of a stage's table as the report reads it."""

from collections.abc import Mapping
from typing import Any

# By column name; which columns there are is said by the stage that makes the table.
TableRow = Mapping[str, Any]
