"""Numbers as people read them."""

import importlib

import pytest

from pipeline.report import number_text
from pipeline.report.number_text import (
    count_text,
    interval_text,
    moment_text,
    p_value_text,
    seconds_text,
    significant_text,
)
from tests.pipeline.evaluation.broken_copy import broken_copy

CASES = (
    ((0.71234, 100.0, 1), "71.2"),
    ((0.0123, 100.0, 2), "1.23"),
    ((-0.0123, 100.0, 2), "−1.23"),
    ((-0.00001, 100.0, 2), "0.00"),
    ((0.93, 1.0, 2), "0.93"),
    ((12345.0, 1.0, 0), "12,345"),
    ((None, 100.0, 1), "–"),
    ((float("nan"), 100.0, 1), "–"),
    ((float("inf"), 100.0, 1), "–"),
)


def check_cases(module):
    for arguments, expected in CASES:
        assert module.number_text(*arguments) == expected


def test_numbers():
    check_cases(number_text)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("value * scale", "value / scale"),
        ("decimals}f", "decimals}g"),
        ('text.strip("-0.,")', 'text.strip("-")'),
        ("not math.isfinite(value)", "math.isinf(value)"),
        ('.replace("-", "\\N{MINUS SIGN}")', ""),
    ],
)
def test_a_broken_formatter_is_noticed(tmp_path, right, wrong):
    broken = broken_copy(importlib.import_module("pipeline.report.number_text"), tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        check_cases(broken)


def test_intervals_need_both_ends():
    assert interval_text(0.69, 0.73, 100.0) == "[69.0, 73.0]"
    assert interval_text(None, 0.73, 100.0) == ""
    assert interval_text(0.69, float("nan"), 100.0) == ""


def test_counts_and_p_values():
    assert count_text(37322) == "37,322"
    assert count_text(None) == "–"
    assert p_value_text(0.0004) == "< 0.001"
    assert p_value_text(0.05) == "0.050"
    # A bound is rounded up; "<" is a bound of its own.
    assert p_value_text(0.0031, is_bound=True) == "\N{LESS-THAN OR EQUAL TO} 0.004"
    assert p_value_text(0.0004, is_bound=True) == "< 0.001"
    assert p_value_text(1.0, is_bound=True) == "1.000"
    assert p_value_text(None) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1e-5, "0.00001"),
        (0.05, "0.05"),
        (0.0996, "0.1"),
        (-0.00031, "−0.00031"),
        (1.2345, "1.2"),
        (512.0, "510"),
        (20000.0, "20,000"),
        (3.14e-7, "3.1e−7"),
        (1e-12, "1e−12"),
        (1e7, "1e7"),
        (float("nan"), "–"),
        (None, "–"),
    ],
)
def test_numbers_of_any_size(value, text):
    assert significant_text(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (119.4, "119 s"),
        (125, "2 min 05 s"),
        (7199.6, "2 h 00 min"),
        (9000, "2 h 30 min"),
    ],
)
def test_durations(seconds, text):
    assert seconds_text(seconds) == text


def test_moments():
    assert moment_text("2026-11-20T18:02:33.123456+00:00") == "2026-11-20 18:02 UTC"
    assert moment_text("some day") == "some day"
