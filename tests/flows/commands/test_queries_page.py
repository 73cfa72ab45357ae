"""docs/queries.md: each of its questions is answered by a finished run, and its views are those that there are."""

import re
from collections.abc import Iterator

import duckdb
import pytest

from flows.commands.query import known_tables, register_tables
from flows.commands.query_views.catalogue import VIEWS
from flows.engine.code_identity import SOURCE_ROOT
from tests.flows.run_cases import FinishedRun

PAGE = (SOURCE_ROOT / "docs" / "queries.md").read_text(encoding="utf-8")
QUESTIONS = dict(re.findall(r"^## (\d+\. [^\n]+)$.*?^```sql\n(.+?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL))
# A tiny run may have no pair with both an answer and a truth.
MAY_BE_EMPTY = {"10", "17"}


@pytest.fixture(scope="module")
def connection(finished_run: FinishedRun) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"enable_external_access": "false"}) as opened:
        register_tables(opened, known_tables(finished_run.settings(), None))
        yield opened


def test_there_are_twenty_questions_each_with_its_query() -> None:
    assert [name.partition(".")[0] for name in QUESTIONS] == [str(number) for number in range(1, 21)]
    assert PAGE.count("```sql") == len(QUESTIONS)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered(connection: duckdb.DuckDBPyConnection, question: str) -> None:
    rows = connection.sql(QUESTIONS[question]).to_arrow_table()
    assert rows.num_rows or question.partition(".")[0] in MAY_BE_EMPTY
    assert len(set(rows.column_names)) == len(rows.column_names)


def test_the_check_above_can_fail(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error):
        connection.sql("select answered from explained_pairs").fetchall()


@pytest.mark.parametrize("view", VIEWS)
def test_the_page_describes_the_columns_of_a_view(connection: duckdb.DuckDBPyConnection, view: str) -> None:
    section = PAGE.partition(f"### `{view}`\n")[2].partition("\n### ")[0]
    described = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", section, flags=re.MULTILINE))
    assert described == dict(VIEWS[view].columns)
    assert connection.table(view).columns == list(described)
