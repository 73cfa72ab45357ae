"""How few attributes account for most of a match."""

from pipeline.report.metric_table import MetricTable
from pipeline.report.sections.answer_sets import sets_sentence, sets_table


def row(table: str, metric: str, variant: str, value: float) -> dict[str, object]:
    ends = {"ci_low": value - 0.01, "ci_high": value + 0.01}
    return {"table_name": table, "metric": metric, "variant": variant, "value": value, **ends, "n": 9}


SIZES = [row("answer_set", "size", "chosen", 1.673), row("answer_set", "one_suffices", "chosen", 0.444)]
AUDIT = [
    row("answer_set_audit", metric, kind, value)
    for kind in ("chosen", "random")
    for metric, value in (("reaches", 0.679), ("share_of_joint", 0.95), ("true_size", 1.756))
]


def test_the_size_of_sets_is_a_sentence() -> None:
    text = sets_sentence(MetricTable(SIZES))
    assert "has 1.67 [1.66, 1.68] attributes on average; for 44 % of pairs it is one." in text
    assert sets_sentence(MetricTable([])) == ""


def test_what_sets_truly_account_for_is_a_table_of_rendered_items_alone() -> None:
    table = sets_table(MetricTable([*SIZES, *AUDIT]))
    assert table is not None
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["chosen", "1.76", "67.9", "95.0"],
        ["random", "1.76", "67.9", "95.0"],
    ]
    assert table.rows[1].cells[0].note == "mean over sets of the same size"
    assert sets_table(MetricTable(SIZES)) is None
