"""Reading a TOML file as people save it: with a byte order mark, with errors that say what to change in which line."""

import codecs
import re
import tomllib
from pathlib import Path
from typing import Any

from pipeline.errors import BadSetting

_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LINE = re.compile(r"at line (\d+)")
# A double quote, then a backslash before the next one.
_BACKSLASH_IN_DOUBLE_QUOTES = re.compile(r'"[^"\n]*\\')


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file states; a byte order mark before it is left out.

    Raises:
        BadSetting: there is no such file, it cannot be read, is no UTF-8, or no TOML.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise BadSetting(
            expected="a configuration file (TOML)",
            found="no such file",
            where=str(path),
            remedy="name an existing file, such as configs/planted.toml",
        ) from error
    except OSError as error:
        raise _unreadable(path, str(error), "make it a file that can be read") from error
    text = _decoded(data, path)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = _line_of(str(error), text)
        remedy = quoting_remedy(line) or "correct the file"
        raise _unreadable(path, f"{error}" + (f": {line.strip()}" if line.strip() else ""), remedy) from error


def quoting_remedy(line: str) -> str | None:
    """Return what to do about a backslash between double quotes, None where a line has none."""
    if _BACKSLASH_IN_DOUBLE_QUOTES.search(line) is None:
        return None
    return (
        "write a path with backslashes in single quotes, such as 'C:\\Users\\me', or with forward slashes: "
        "in double quotes TOML takes a backslash for the start of a special character"
    )


def _decoded(data: bytes, path: Path) -> str:
    if data.startswith(_UTF_16_MARKS) or b"\0" in data:
        found = "text in UTF-16" if data.startswith(_UTF_16_MARKS) else "zero bytes, as text in UTF-16 has them"
        raise _unreadable(path, found, "save it as UTF-8; iconv -f UTF-16 -t UTF-8 does so, too")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        found = f"the byte 0x{data[error.start]:02x} in line {line}, which is not UTF-8"
        raise _unreadable(path, found, "save it as UTF-8") from error


def _line_of(message: str, text: str) -> str:
    number = _LINE.search(message)
    lines = text.split("\n")
    return lines[int(number[1]) - 1] if number is not None and int(number[1]) <= len(lines) else ""


def _unreadable(path: Path, found: str, remedy: str) -> BadSetting:
    return BadSetting(expected="a readable TOML file", found=found, where=str(path), remedy=remedy)
