"""The papers' table over seeds: what stands in each cell, and when a training counts as flat."""

from typing import Any

from benchmarks.explanation_tables import explanation_table, over_seeds, training_lines


def figure(table: str, metric: str, variant: str, value: float, p_value: float | None = None) -> dict[str, Any]:
    compared = "classifier" if p_value is not None else None
    return {
        "table_name": table,
        "metric": metric,
        "variant": variant,
        "value": value,
        "p_value": p_value,
        "compared_with": compared,
    }


def test_cells_hold_the_mean_and_the_ends_over_seeds() -> None:
    assert over_seeds([0.5, 0.6, 0.55]) == "55.0 (50.0 to 60.0)"
    assert over_seeds([0.123]) == "12.3"
    assert over_seeds([]) == "-"


def test_a_row_has_figures_and_in_how_many_seeds_its_difference_is_told() -> None:
    rows = []
    for removal, difference, p_value in ((0.02, 0.03, 0.01), (0.04, 0.05, 0.2), (0.03, -0.04, 0.04)):
        rows.append(figure("attribute_explanation", "removal", "sane", removal))
        rows.append(figure("attribute_explanation", "removal", "classifier", 0.01))
        rows.append(
            figure("attribute_explanation_comparison", "matched_effect_difference", "sane", difference, p_value)
        )
    rows.append(figure("attribute_recognition", "map", "sane", 0.7))
    lines = explanation_table(rows)
    assert lines[0] == ["variant", "mAP", "removal", "matched effect − classifier's", "told in seeds"]
    by_name = {line[0]: line[1:] for line in lines[1:]}
    assert by_name["sane"] == ["70.0", "3.0 (2.0 to 4.0)", "1.3 (-4.0 to 5.0)", "1 +, 1 − of 3"]
    assert by_name["classifier"] == ["-", "1.0 (1.0 to 1.0)", "-", "-"]


def epochs(model: str, seed: int, measures: list[float]) -> list[dict[str, Any]]:
    return [
        {"model": model, "seed": seed, "epoch": number, "validation_map": measure}
        for number, measure in enumerate(measures, start=1)
    ]


def test_a_training_is_flat_after_as_many_epochs_without_a_better_one() -> None:
    histories = [*epochs("sane", 0, [0.1, 0.3, 0.2, 0.2]), *epochs("sane", 1, [0.1, 0.2, 0.3])]
    assert training_lines(histories, 2) == ["sane: seed 0: 30.0 at 2 of 4, flat; seed 1: 30.0 at 3 of 3, not flat"]
