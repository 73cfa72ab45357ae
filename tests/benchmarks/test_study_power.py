"""The table of docs/user-study.md: larger effects and studies have more power, and its rows are what it says."""

from benchmarks.study_power import CASES, Case, rows


def powers(row: str) -> list[int]:
    return [int(cell) for cell in row.strip("| ").split(" | ")[2:]]


def test_power_grows_with_effect_and_subjects() -> None:
    small, large = Case(0.55, None, 10, 40), Case(0.8, None, 10, 40)
    heading, rule, first, second = rows((small, large), 60, (10, 40))
    assert heading.count("|") == rule.count("|") == first.count("|")
    assert first.startswith("| 55 % against 50 % | 10 |")
    assert powers(second)[0] > powers(first)[0] + 30
    assert powers(first)[1] > powers(first)[0]


def test_no_case_is_there_twice() -> None:
    assert len(set(CASES)) == len(CASES)
    assert Case(0.7, 0.6, 2, 16) in {Case(round(case.share, 2), case.baseline, case.questions, 16) for case in CASES}
