"""The ranked attributes: columns only where there is a value, bars as long as the share."""

from pipeline.report.pair_page.evidence import PageAttribute
from pipeline.report.pair_page.ranking import other_firsts, page_ranking


def test_columns_are_those_with_a_value() -> None:
    plain = page_ranking([PageAttribute("a", 0.5, None)], None)
    assert plain is not None
    assert [name for name, _ in plain.columns] == ["score"]
    assert (plain.rows[0].attribute, plain.rows[0].mark, plain.rows[0].cells[0].text) == ("a", "", "0.500")
    full = page_ranking(
        [
            PageAttribute("a", 0.5, True, 0.25, 1.5, None, 0.1, 0.05, 0.2, 0.9, 0.3),
            PageAttribute("b", 0.4, False),
        ],
        "a",
    )
    assert full is not None
    assert [name for name, _ in full.columns] == [
        "score", "confidence", "map match", "expected effect", "query has it", "true effect",
    ]  # fmt: skip
    first, second = full.rows
    assert [cell.text for cell in first.cells] == ["0.500", "0.25", "1.50", "0.100 [0.050, 0.200]", "0.90", "0.300"]
    assert [cell.share for cell in first.cells] == [None, 0.25, 1.0, None, 0.9, None]
    assert [cell.text for cell in second.cells] == ["0.400", "–", "–", "–", "–", "–"]
    assert [cell.share for cell in second.cells] == [None] * 6
    assert (first.mark, second.mark) == ("✓", "✗")


def test_at_most_ten_and_none_of_nothing() -> None:
    many = page_ranking([PageAttribute(str(n), 1 / (n + 1), None) for n in range(12)], None)
    assert many is not None
    assert [row.attribute for row in many.rows] == [str(n) for n in range(10)]
    assert page_ranking([], "a") is None


def test_the_answer_is_marked_wherever_it_is_ranked_and_said_where_it_is_not_first() -> None:
    attributes = [PageAttribute(str(n), 1 / (n + 1), n > 2) for n in range(14)]
    first = page_ranking(attributes, "0")
    assert first is not None
    assert [row.attribute for row in first.rows if row.is_answer] == ["0"]
    assert first.note == ""
    labelled = page_ranking(attributes, "3")
    assert labelled is not None
    assert labelled.note == "The answer is 3, the first of those that the query is labelled with (✓)."
    far = page_ranking(attributes, "12")
    assert far is not None
    assert [row.attribute for row in far.rows] == [*map(str, range(10)), "12"]
    assert far.rows[-1].is_answer
    assert far.note == "The answer is 12, at place 13."
    for answer in (None, "unknown"):
        none = page_ranking(attributes, answer)
        assert none is not None
        assert (none.note, any(row.is_answer for row in none.rows)) == ("", False)


def test_other_variants_are_grouped_and_named_in_words() -> None:
    firsts = {"embedding_effect": "a", "random": "b", "sane+match": "b", "sane+match~shuffled": "d", "mine": "c"}
    found = other_firsts(firsts, "embedding_effect")
    assert [other.attribute for other in found] == ["b", "c"]
    assert found[0].variants == "SANE with map matching"
    assert found[1].variants == "mine"
    controls = other_firsts(firsts, "embedding_effect", are_controls=True)
    assert [(other.attribute, other.variants) for other in controls] == [
        ("b", "a random attribute"),
        ("d", "SANE with map matching, its maps exchanged"),
    ]
    assert other_firsts(None, None) == ()
