"""What is true of a pair is told of its answer, not of what the answering variant would rank first."""

import pyarrow as pa

from flows.readers.pair_page_tables import PairTables, _of_answers

# The last pair has no answer, and the variant leads with what the query lacks.
ANSWERS = pa.table(
    {
        "pair_id": ["named", "unnamed", "lacking"],
        "variant": ["best_constant"] * 3,
        "attribute": pa.array(["red", None, None], pa.string()),
        "leading_attribute": ["red", "dots", "dots"],
    }
)
OUTCOMES = pa.table(
    {
        "pair_id": ["named", "unnamed", "lacking"] * 2,
        "variant": ["best_constant"] * 3 + ["answer"] * 3,
        "attribute": pa.array(["blue", "dots", "blue", "red", None, None], pa.string()),
        "effect": pa.array([0.4, 0.3, 0.2, 0.1, None, None]),
    }
)


def test_the_truth_is_of_the_answer_or_of_what_would_lead() -> None:
    tables = PairTables({"audit": _of_answers(OUTCOMES, ANSWERS)})
    found = tables.first("audit", ["named", "unnamed", "lacking"])
    assert {pair: (row["variant"], row["attribute"], row["effect"]) for pair, row in found.items()} == {
        "named": ("answer", "red", 0.1),
        "unnamed": ("best_constant", "dots", 0.3),
        "lacking": ("answer", None, None),
    }
