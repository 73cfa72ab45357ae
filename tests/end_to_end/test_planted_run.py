"""A whole run on rendered items: the figures hang together, whatever the tiny models have learnt."""

import math
import re
from pathlib import Path

import pytest

from tests.end_to_end.report_reading import section_rows
from tests.flows.run_cases import FinishedRun, Tables, invoke

VARIANTS = {
    "random",
    "best_constant",
    "prior_only",
    "predicted_in_both",
    "classifier",
    "sane",
    "sane+match",
    "sane+match+count",
    "embedding_effect",
    "embedding_effect+presence",
    "sane+match+tcav",
    "random_present",
}
SHUFFLED = {f"{name}~shuffled" for name in ("sane+match", "sane+match+count", "sane+match+tcav")}


@pytest.fixture(scope="module")
def tables(finished_run: FinishedRun) -> Tables:
    return Tables(finished_run.settings())


def test_the_oracle_has_no_regret_and_always_hits(tables: Tables) -> None:
    rows = tables.ask(
        "select metric, value, ci_low, ci_high, n from metrics where table_name = 'audit' and variant = 'oracle'"
    )
    by_metric = {row["metric"]: row for row in rows}
    assert by_metric["normalised_regret"]["value"] == by_metric["normalised_regret"]["ci_high"] == 0
    assert by_metric["hit_at_1"]["value"] == by_metric["hit_at_1"]["ci_low"] == 1
    assert by_metric["hit_at_1"]["n"] >= 1


def test_no_variant_beats_the_oracle(tables: Tables) -> None:
    rows = tables.ask("select variant, value from metrics where table_name = 'audit' and metric = 'normalised_regret'")
    assert {row["variant"] for row in rows} >= VARIANTS | SHUFFLED | {"oracle"}
    assert all(row["value"] >= 0 for row in rows)


def test_figures_come_with_their_number_and_interval(tables: Tables) -> None:
    rows = tables.ask("select * from metrics")
    assert {row["table_name"] for row in rows} >= {
        "saliency_faithfulness",
        "attribute_explanation",
        "attribute_explanation_comparison",
        "attribute_recognition",
        "audit",
    }
    for row in rows:
        assert row["n"] is not None, row
        assert (row["dataset"], row["similarity_model"], row["seed"]) == ("planted", "small_residual", 0)
        assert re.fullmatch("[0-9a-f]{64}", row["fingerprint"])
        if row["ci_low"] is not None:
            assert row["ci_low"] <= row["ci_high"], row
        # Resamples with ties shift an average precision: its value may lie outside the interval.
        if row["ci_low"] is not None and row["metric"] != "map":
            assert row["ci_low"] <= row["value"] <= row["ci_high"], row
    with_interval = {row["metric"] for row in rows if row["ci_low"] is not None}
    assert with_interval >= {"insertion_auc", "deletion_auc", "top1_accuracy", "removal", "map", "hit_at_1"}
    shares = [row for row in rows if row["unit"] == "share" and row["value"] is not None]
    assert shares
    assert all(0 <= row["value"] <= 1 for row in shares if row["metric"] in ("insertion_auc", "deletion_auc", "map"))


def test_no_figure_appears_twice(tables: Tables) -> None:
    keys = "table_name, metric, variant, generator, mode, attribute, compared_with, unit"
    assert tables.ask(f"select {keys}, count(*) n from metrics group by all having n > 1") == []


def test_a_metric_can_be_recomputed_from_its_table(tables: Tables) -> None:
    means = tables.ask("select generator, avg(insertion_auc) mean, count(*) n from faithfulness group by 1")
    # Only faithfulness has this metric.
    stored = tables.ask("select generator, value, n from metrics where metric = 'insertion_auc'")
    assert {row["generator"] for row in stored} == {"rise", "random", "centre"}
    expected = {row["generator"]: row for row in means}
    for row in stored:
        assert row["value"] == pytest.approx(expected[row["generator"]]["mean"])
        assert row["n"] == expected[row["generator"]]["n"] == 24


def test_top1_accuracy_can_be_recomputed_from_the_explanations(tables: Tables) -> None:
    sql = "select variant, avg(is_ground_truth::int) mean from explanations where rank = 1 group by variant"
    expected = {row["variant"]: row["mean"] for row in tables.ask(sql)}
    stored = tables.ask("select variant, value from metrics where metric = 'top1_accuracy' and variant != 'answer'")
    assert {row["variant"] for row in stored} == VARIANTS | SHUFFLED
    for row in stored:
        assert row["value"] == pytest.approx(expected[row["variant"]])


def test_every_pair_has_complete_ranks_under_every_variant(tables: Tables) -> None:
    groups = tables.ask(
        "select variant, pair_id, list(rank order by rank) ranks, count(distinct attribute) named, "
        "list(score order by rank) scores from explanations group by variant, pair_id"
    )
    assert {group["variant"] for group in groups} == VARIANTS | SHUFFLED
    assert len(groups) == 24 * len(VARIANTS | SHUFFLED)
    for group in groups:
        assert group["ranks"] == list(range(1, 11))
        assert group["named"] == 10
        scores = [-math.inf if score is None else score for score in group["scores"]]
        assert scores == sorted(scores, reverse=True)


def test_tables_name_only_pairs_attributes_and_images_that_exist(tables: Tables) -> None:
    of_pairs = ("explanations", "faithfulness", "similarities", "replacements", "true_effects", "map_rows")
    for table in (*of_pairs, "map_localisation"):
        orphans = f"select count(*) n from {table} where pair_id not in (select pair_id from pairs)"
        assert tables.ask(orphans) == [{"n": 0}], table
    for table in ("explanations", "replacements", "true_effects", "prior"):
        orphans = f"select count(*) n from {table} where attribute not in (select attribute from attribute_vocabulary)"
        assert tables.ask(orphans) == [{"n": 0}], table
    orphans = "select count(*) n from pairs where query not in (select image_id from images) or query = reference"
    assert tables.ask(orphans) == [{"n": 0}]


def test_similarities_are_cosines_and_the_grid_has_a_best_point(tables: Tables) -> None:
    assert tables.ask("select count(*) n from similarities where abs(similarity) > 1.000001") == [{"n": 0}]
    best = tables.ask(
        "select prior_kind, count(*) n from weight_grid where is_best and model = 'sane' group by 1 order by 1"
    )
    assert best == [{"prior_kind": kind, "n": 1} for kind in ("count", "none", "tcav")]
    sums = "select max(abs(confidence_weight + map_match_weight + prior_weight - 1)) worst from weight_grid"
    assert tables.ask(sums)[0]["worst"] < 1e-9


def test_the_report_is_a_folder_of_whole_pages(finished_run: FinishedRun, tmp_path: Path) -> None:
    target = tmp_path / "pages"
    result = invoke("report", finished_run.config, "--output", target)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.strip() == str(target / "index.html")
    overview = (target / "index.html").read_text(encoding="utf-8")
    assert '<section id="trust">' in overview
    assert "agreement with the truth" in overview
    assert (target / "data" / "gallery.js").read_text(encoding="utf-8").startswith("window.galleryData = ")
    page = (target / "evidence.html").read_text(encoding="utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")
    for section in ("pairs", "saliency", "audit", "attributes", "cost"):
        assert f'<section id="{section}">' in page
    assert 'src="http' not in page
    assert "Do maps find the pixels of the truly best attribute?" in page


def test_maps_are_compared_on_the_pairs_of_the_faithfulness_table(tables: Tables) -> None:
    rows = tables.ask("select * from metrics where table_name = 'saliency_faithfulness_comparison'")
    compared = {(row["generator"], row["mode"], row["compared_with"]) for row in rows}
    assert compared == {("rise", "fixed", "centre"), ("random", "fixed", "centre"), ("random", "fixed", "rise")}
    assert len(rows) == 4 * len(compared)
    for row in rows:
        column = row["metric"].replace("_difference", "_auc")
        (expected,) = tables.ask(
            f"select avg(a.{column} - b.{column}) as value, count(*) as n "
            "from faithfulness a join faithfulness b using (pair_id) "
            f"where a.generator = '{row['generator']}' and a.mode = '{row['mode']}' "
            f"and b.generator = '{row['compared_with']}' and b.mode = 'fixed' "
            f"and not isnan(a.{column}) and not isnan(b.{column})"
        )
        assert row["n"] == expected["n"]
        assert row["value"] == pytest.approx(expected["value"])


def test_maps_are_asked_for_the_region_of_the_truly_best_attribute(tables: Tables) -> None:
    rows = tables.ask(
        "select l.*, t.effect = t.largest as is_best from map_localisation l join (select pair_id, attribute, effect, "
        "max(effect) over (partition by pair_id) as largest from true_effects where present and split = 'test') t "
        "using (pair_id, attribute)"
    )
    assert len(rows) == 3 * 24
    assert all(row["is_best"] for row in rows)
    for row in rows:
        scored = 0 < row["region_share"] <= 0.5
        assert (row["auroc"] is not None) == (row["pointing_hit"] is not None) == scored, row
    assert tables.ask("select count(distinct region_share) n from map_localisation group by pair_id having n > 1") == []
    assert sum(row["auroc"] is not None for row in rows if row["generator"] == "rise") > 0


def test_localisation_is_compared_with_the_blob_on_the_same_pairs(tables: Tables) -> None:
    rows = tables.ask("select * from metrics where table_name = 'map_localisation'")
    assert len(rows) == 3 * 3 + 2 * 8
    found = {(row["metric"], row["generator"]): row for row in rows}
    for generator in ("rise", "random"):
        for measure in ("auroc", "pointing_hit"):
            (expected,) = tables.ask(
                f"select avg(a.{measure} - b.{measure}) as value, count(*) as n, avg(a.{measure}) as own "
                "from map_localisation a join map_localisation b using (pair_id) "
                f"where a.generator = '{generator}' and b.generator = 'centre' and a.{measure} is not null "
                "and a.pair_id in (select pair_id from audit_outcomes where eligible)"
            )
            assert expected["n"] > 0
            difference, own = found[f"{measure}_difference", generator], found[measure, generator]
            assert (difference["n"], difference["compared_with"]) == (expected["n"], "centre")
            assert difference["value"] == pytest.approx(expected["value"])
            assert own["value"] == pytest.approx(expected["own"])
            assert found["left_out", generator]["value"] == 24 - expected["n"]
            thirds = [found[f"{measure}_difference_{size}_regions", generator] for size in ("small", "medium", "large")]
            assert sum(third["n"] for third in thirds) == expected["n"]


def test_only_maps_of_the_model_change_with_the_reference(tables: Tables) -> None:
    rows = tables.ask(
        "select generator, f.map_change as change, q.references as n "
        "from faithfulness f join pairs p using (pair_id) "
        "join (select query, count(*) as references from pairs where split = 'test' group by query) q using (query) "
        "where p.split = 'test'"
    )
    assert all((row["change"] is None) == (row["n"] == 1) for row in rows)
    assert all(abs(row["change"]) < 1e-9 for row in rows if row["generator"] != "rise" and row["n"] > 1)
    (figure,) = tables.ask("select * from metrics where metric = 'map_change_with_reference' and generator = 'rise'")
    changes = [row["change"] for row in rows if row["generator"] == "rise" and row["n"] > 1]
    assert (figure["n"], figure["value"]) == (len(changes), pytest.approx(sum(changes) / len(changes)))
    assert figure["value"] > 0.01


def test_the_report_tells_what_a_map_costs(finished_run: FinishedRun, tables: Tables) -> None:
    (cost,) = tables.ask(
        "select sum(pairs) as maps, sum(forward_passes) / sum(pairs) as passes from runtime "
        "where stage = 'saliency_maps.test.rise.fixed'"
    )
    rows = [row for row in section_rows(finished_run, "saliency") if row[0].startswith("RISE") and len(row) == 6]
    passes = f"{cost['passes']:.1f}".removesuffix(".0")
    assert [row[2:5] for row in rows] == [[passes, "–", str(cost["maps"])]]
    assert float(rows[0][1]) > 0
