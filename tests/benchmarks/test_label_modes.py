"""The table of label modes: each figure comes from its own row, and cases are settings that exist."""

from pathlib import Path

import pytest

from benchmarks.label_modes import CASES, COLUMNS, case_line, case_overrides
from flows.settings.file import load_settings

DEMO = Path(__file__).parents[2] / "configs" / "demo.toml"


def figure(wanted: dict[str, str | None], value: float) -> dict[str, object]:
    empty = dict.fromkeys(("table_name", "metric", "variant", "generator"))
    ends = {"ci_low": value - 0.01, "ci_high": value + 0.01, "p_value": None}
    return {**empty, **wanted, **ends, "value": value, "n": 17, "unit": "share"}


def test_every_column_has_its_own_figure() -> None:
    rows = [figure(wanted, number / 100) for number, (_, wanted) in enumerate(COLUMNS)]
    rows[0] |= {"value": 6.0, "unit": "count"}
    cells = case_line("sparse", 3, rows).strip("| ").split(" | ")
    assert cells[:3] == ["sparse", "3", "6 of 17"]
    assert [float(text.split()[0]) for text in cells[3:]] == [float(number) for number in range(1, len(COLUMNS))]
    assert case_line("sparse", 3, rows[:-1]).endswith("| - |")
    with pytest.raises(ValueError, match="2 rows"):
        case_line("sparse", 3, [*rows, rows[-1]])


def test_cases_are_settings_that_exist() -> None:
    found = {
        (one.dataset.label_mode, one.dataset.seed) for one in (load_settings(DEMO, case_overrides(*c)) for c in CASES)
    }
    assert found == set(CASES)
