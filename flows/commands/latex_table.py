"""A result as a LaTeX table in the papers' layout: three rules of booktabs, numbers under each other."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TextIO

_NAMES = {
    "\\": "textbackslash",
    "~": "textasciitilde",
    "^": "textasciicircum",
    "|": "textbar",
    "<": "textless",
    ">": "textgreater",
}
_ESCAPED = str.maketrans(
    {mark: f"\\{name}{{}}" for mark, name in _NAMES.items()} | {mark: "\\" + mark for mark in "&%$#_{}"}
)
_NUMBER = re.compile(r"(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?", re.IGNORECASE)
_MISSING = ("", "nan")


def write_latex(
    names: Sequence[str], is_numeric: Sequence[bool], rows: Callable[[], Iterable[Sequence[str]]], output: TextIO
) -> None:
    """Write a `tabular` that needs the package booktabs.

    Fractional numbers of a column get zeros to as many digits as the one with most, so that points stand under each
    other; minus signs are those of mathematics; a dash stands for what is missing.

    Args:
        names: of the columns.
        is_numeric: of each column.
        rows: gives the cells' text, row by row; it is called twice, so that rows need not be held in memory.
        output: where to.
    """
    decimals = [0] * len(names)
    widths = [len(_text(name)) for name in names]
    for row in rows():
        decimals = [max(most, _decimals(cell)) for most, cell in zip(decimals, row, strict=True)]
        widths = [max(width, len(_text(cell))) for width, cell in zip(widths, row, strict=True)]

    def line(cells: Sequence[str]) -> str:
        placed = [
            cell.rjust(width) if numeric else cell.ljust(width)
            for cell, numeric, width in zip(cells, is_numeric, widths, strict=True)
        ]
        return " & ".join(placed).rstrip() + r" \\" + "\n"

    places = "".join("r" if numeric else "l" for numeric in is_numeric)
    output.write("% \\usepackage{booktabs}\n")
    output.write(f"\\begin{{tabular}}{{@{{}}{places}@{{}}}}\n\\toprule\n{line([_text(name) for name in names])}")
    output.write("\\midrule\n")
    for row in rows():
        output.write(
            line(
                [
                    _number(cell, most) if numeric else _text(cell)
                    for cell, numeric, most in zip(row, is_numeric, decimals, strict=True)
                ]
            )
        )
    output.write("\\bottomrule\n\\end{tabular}\n")


def _decimals(cell: str) -> int:
    found = _NUMBER.fullmatch(cell)
    return len(found[3] or "") if found and not found[4] else 0


def _number(cell: str, decimals: int) -> str:
    """Return a number with its digits filled up; other texts, such as "inf", escaped."""
    found = _NUMBER.fullmatch(cell)
    if found is None:
        return "--" if cell in _MISSING else _text(cell)
    sign, whole, fraction, power = found.groups()
    minus = "$-$" if sign else ""
    if power:
        digits = f"{whole}.{fraction}" if fraction else whole
        return f"{minus}{digits}$\\times10^{{{int(power)}}}$"
    if fraction is None and decimals:
        return f"{minus}{whole}.{'0' * decimals}"
    return minus + whole + (f".{fraction.ljust(decimals, '0')}" if fraction else "")


def _text(text: str) -> str:
    line = " ".join(text.splitlines()).translate(_ESCAPED)
    # After a line break LaTeX takes an opening bracket for an argument.
    return "{[}" + line[1:] if line.startswith("[") else line or "--"
