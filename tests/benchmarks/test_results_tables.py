"""The tables of the results page: every figure in its cell, counts in full."""

from benchmarks.results_tables import TABLES, Row, cell, markdown, runtime_markdown
from pipeline.report.runtime_table import MapRuntime


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


def test_a_p_value_that_is_a_bound_says_so() -> None:
    compared = {**figure("removal_difference", 0.0312, 480), "p_value": 0.0031}
    assert cell({**compared, "p_is_bound": True}).endswith("], p <= 0.004")
    assert cell({**compared, "p_is_bound": False}).endswith("], p = 0.003")


def test_modes_and_baselines_have_rows_of_their_own() -> None:
    rows = []
    for mode, rival, value in (("fixed", "centre", 0.0312), ("both", "centre", 0.0512), ("both", "rise", 0.0123)):
        labels = {"generator": "rise", "mode": mode, "compared_with": rival, "p_value": 0.012}
        rows.append({**figure("insertion_difference", value, 480), **labels})
        rows.append({**figure("deletion_difference_anchored", -value, 470), **labels})
    table = "saliency_faithfulness_comparison"
    assert markdown(table, rows, *TABLES[table]).splitlines()[5:] == [
        "| rise | fixed | centre | 3.1 [1.1, 5.1], p = 0.012 | - | - | -3.1 [-5.1, -1.1], p = 0.012, n = 470 | 480 |",
        "| rise | both | centre | 5.1 [3.1, 7.1], p = 0.012 | - | - | -5.1 [-7.1, -3.1], p = 0.012, n = 470 | 480 |",
        "| rise | both | rise | 1.2 [-0.8, 3.2], p = 0.012 | - | - | -1.2 [-3.2, 0.8], p = 0.012, n = 470 | 480 |",
    ]


def test_seconds_and_passes_are_those_of_a_map_with_the_papers_beside_them() -> None:
    runtimes = [
        MapRuntime("rise", None, 400, 920.0, 200_000, 0, ("cpu",)),
        MapRuntime("rise", "both", 400, 140.0, 12_000, 0, ("cpu", "cuda")),
        MapRuntime("grad_cam", "fixed", 400, 2.0, 0, 100, ("cpu",)),
    ]
    assert runtime_markdown("costs", runtimes, "awa2").splitlines()[3:] == [
        "| maps | seconds a map | forward passes a map | gradient passes a map | device | n | papers' seconds |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| RISE: passes that its modes share | 2.3 | 500 | 0 | cpu | 400 | - |",
        "| RISE, both | 0.35 | 30 | 0 | cpu, cuda | 400 | 5.8 |",
        "| Grad-CAM | 0.005 | 0 | 0.25 | cpu | 400 | - |",
    ]
    assert "papers" not in runtime_markdown("costs", runtimes, "planted")
