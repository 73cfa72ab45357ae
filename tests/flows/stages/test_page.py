"""The page of tables is what the stages declare."""

import pytest

from flows.stages.page import BEGIN, PAGE, declared_tables, render_tables, with_tables
from pipeline.errors import BadSetting
from tests.table_schemas import RECORD_SCHEMAS, SCHEMAS


def test_the_committed_page_is_current() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_tables(page), "run: python -m flows.stages.page"


def test_every_table_of_every_configuration_has_a_section_and_every_column_a_meaning() -> None:
    assert set(SCHEMAS) == set(declared_tables())
    text = render_tables()
    for name, schema in (SCHEMAS | RECORD_SCHEMAS).items():
        assert f"\n### `{name}`\n" in text
        assert schema.meaning
        assert all(column.meaning for column in schema.columns), name


def test_a_change_of_a_table_makes_the_page_stale() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert "| `similarity` | number | no |" in page
    changed = page.replace("| `similarity` | number | no |", "| `similarity` | number | yes |")
    assert with_tables(changed) == page


def test_a_page_without_the_marker_is_refused() -> None:
    with pytest.raises(BadSetting, match="marker"):
        with_tables(PAGE.read_text(encoding="utf-8").replace(BEGIN, ""))
