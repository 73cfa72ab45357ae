"""The tables of the results page: every figure in its cell, counts in full."""

from benchmarks.results_tables import TABLES, Row, cell, markdown


def figure(metric: str, value: float, n: int, variant: str | None = None, unit: str = "share") -> Row:
    ends = {"ci_low": value - 0.02, "ci_high": value + 0.02} if unit == "share" else {"ci_low": None, "ci_high": None}
    row = {"table_name": "similarity_model", "metric": metric, "variant": variant, "value": value, "n": n}
    return {**row, **ends, "unit": unit, "p_value": None}


def test_the_similarity_models_figures_have_an_n_each() -> None:
    rows = [
        figure("outfits_without_question", 1234, 10000, unit="count"),
        figure("fill_in_the_blank_accuracy", 0.5712, 9000, "type_aware"),
        figure("compatibility_auc", 0.862, 8500, "type_aware"),
        figure("compatibility_auc", 0.743, 8500, "general"),
    ]
    assert markdown("similarity_model", rows, *TABLES["similarity_model"]).splitlines()[3:] == [
        "| figure | value | n |",
        "| --- | --- | --- |",
        "| outfits_without_question | 1234 | 10000 |",
        "| fill_in_the_blank_accuracy, type_aware | 57.1 [55.1, 59.1] | 9000 |",
        "| compatibility_auc, type_aware | 86.2 [84.2, 88.2] | 8500 |",
        "| compatibility_auc, general | 74.3 [72.3, 76.3] | 8500 |",
    ]


def test_measured_constants_keep_their_digits() -> None:
    assert cell(figure("effect_floor", 0.02345, 600, unit="count")) == "0.0234"
    assert cell(figure("drivers_not_learned", 0, 6, unit="count")) == "0"
    assert cell(figure("target_correlation", 0.934, 300, unit="correlation")) == "0.934"
    assert cell(None) == "-"
