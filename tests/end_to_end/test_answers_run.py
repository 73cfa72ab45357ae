"""One answer per pair, in a whole small run: what the tables say of each other, and what settings change."""

import numpy as np
import pytest

from flows.engine.upstream import Upstream
from stores.artifacts import ArtifactStore
from tests.flows.run_cases import FinishedRun

ANSWERS = (
    "select a.*, i.attributes labels from answers a join pairs p using (pair_id) "
    "join images i on i.image_id = p.query and i.split = p.split"
)


def test_every_pair_has_one_answer_among_its_labels_or_none_with_a_reason(finished_run: FinishedRun) -> None:
    rows = finished_run.query(ANSWERS)
    pairs = finished_run.query("select count(*) n from pairs where split = 'test'")[0]["n"]
    assert len(rows) == len({row["pair_id"] for row in rows}) == pairs
    for row in rows:
        assert row["leading_attribute"] in row["labels"]
        assert row["is_ground_truth"]
        assert row["effect_low"] <= row["effect"] <= row["effect_high"]
        assert 0 < row["p_value"] <= 1
        assert 0 <= row["agreement"] <= 1
        assert 0 <= row["probability"] <= 1
        assert row["candidates"] == len(row["labels"])
        told = row["p_value"] <= 0.05 and row["effect_low"] > 0
        expected = (row["leading_attribute"], None, "pair") if told else (None, "no_effect", None)
        assert (row["attribute"], row["reason"], row["told_by"]) == expected


def test_the_best_variant_on_validation_pairs_answers(finished_run: FinishedRun) -> None:
    choice = finished_run.query("select * from answer_choice")
    effects = [row["matched_effect"] for row in choice]
    assert effects == sorted(effects, reverse=True)
    assert [row["is_chosen"] for row in choice] == [True] + [False] * (len(choice) - 1)
    assert not {"random", "random_present"} & {row["variant"] for row in choice}
    assert finished_run.query("select distinct variant from answers") == [{"variant": choice[0]["variant"]}]


def test_figures_of_the_answers_are_those_of_the_table(finished_run: FinishedRun) -> None:
    figures = {
        row["metric"]: row
        for row in finished_run.query("select * from metrics where table_name = 'answer' and variant = 'answer'")
    }
    share = finished_run.query("select avg((attribute is not null)::int) s, count(*) n from answers")[0]
    assert figures["answered"]["value"] == pytest.approx(share["s"])
    assert figures["answered"]["n"] == share["n"]
    drop = finished_run.query(
        "select -avg(r.effect) d, count(r.effect) n from answers a join replacements r "
        "on r.pair_id = a.pair_id and r.attribute = a.attribute and r.kind = 'matched'"
    )[0]
    if drop["n"]:
        assert figures["matched_effect"]["value"] == pytest.approx(drop["d"])
        assert figures["matched_effect"]["n"] == drop["n"]


def test_sets_are_of_the_querys_labels_and_reach_their_share(finished_run: FinishedRun) -> None:
    rows = finished_run.query(ANSWERS.replace("answers", "answer_sets"))
    assert len(rows) == finished_run.query("select count(*) n from answers")[0]["n"]
    assert any(row["attributes"] for row in rows)
    for row in rows:
        assert row["candidates"] == len(row["labels"])
        if row["attributes"] is None:
            assert (row["reason"], row["size"], row["total_effect"] <= 0) == ("no_effect", None, True)
            continue
        assert set(row["attributes"]) <= set(row["labels"])
        assert row["size"] == len(row["attributes"]) <= len(row["greedy_attributes"])
        assert row["share"] == pytest.approx(row["effect"] / row["total_effect"])
        assert min(row["effect"], row["greedy_effect"]) >= 0.8 * row["total_effect"] - 1e-9
        assert row["search"] == "exact"


def test_figures_of_sets_are_those_of_their_outcomes(finished_run: FinishedRun) -> None:
    means = finished_run.query(
        "select kind, avg(coalesce(reaches, 0)) reaches, sum(effect) / sum(case when effect is null then 0 else "
        "total_effect end) share from answer_set_outcomes where eligible group by kind"
    )
    figures = {
        (row["metric"], row["variant"]): row["value"]
        for row in finished_run.query("select * from metrics where table_name = 'answer_set_audit'")
    }
    kinds = {row["kind"]: row for row in means}
    assert set(kinds) == {"chosen", "greedy", "leading", "smallest", "random", "all"}
    for kind in set(kinds) - {"all"}:
        assert figures["reaches", kind] == pytest.approx(kinds[kind]["reaches"])
        assert figures["share_of_joint", kind] == pytest.approx(kinds[kind]["share"])
    assert kinds["smallest"]["reaches"] == 1


def test_groups_of_one_attribute_do_what_the_attribute_does(finished_run: FinishedRun) -> None:
    rows = finished_run.query("select * from answer_groups where members = 1")
    assert rows
    for row in rows:
        assert row["query_has_group"]
        assert row["group_effect"] == row["attribute_effect"]


@pytest.mark.slow
def test_a_variant_that_is_asked_for_answers_and_labels_may_be_left_aside(run_copy: FinishedRun) -> None:
    asked = ("explanation.answer=classifier", "explanation.presence=predicted")
    computed = set(run_copy.computed(*asked))
    assert "answers" in computed
    assert computed <= {"answers", "answer_sets", "group_effects.test", "audit", "metrics", "pair_pages.test", "report"}
    rows = run_copy.query(
        "select a.leading_attribute, e.attribute first, a.variant, a.presence from answers a join explanations e "
        "on e.pair_id = a.pair_id and e.variant = 'classifier' and e.rank = 1",
        *asked,
    )
    assert {(row["variant"], row["presence"]) for row in rows} == {("classifier", "predicted")}
    assert all(row["leading_attribute"] == row["first"] for row in rows)
    told = {row["variant"] for row in run_copy.query("select variant from answer_choice", *asked)}
    assert "embedding_effect" not in told


@pytest.mark.slow
def test_kept_passes_give_a_map_of_each_attribute_that_answers(run_copy: FinishedRun) -> None:
    keep = "saliency.rise.keep=true"
    run_copy.run(keep)
    rows = run_copy.query("select query, attribute, row from attribute_map_rows order by row", keep)
    answered = run_copy.query(
        "select distinct p.query, a.attribute from answers a join pairs p using (pair_id) "
        "where a.attribute is not null",
        keep,
    )
    assert {(row["query"], row["attribute"]) for row in rows} == {(row["query"], row["attribute"]) for row in answered}
    stage = "attribute_maps.test"
    upstream = Upstream(ArtifactStore(str(run_copy.store)), {stage: run_copy.manifest(stage)})
    maps_nyx = upstream.arrays(stage, "maps", "maps")
    assert len(maps_nyx) == len(rows)
    assert np.isfinite(maps_nyx).all()
    counts = run_copy.manifest(stage).details["counts"]
    assert "forward_passes" not in counts
    localised = run_copy.query("select count(*) n from attribute_localisation", keep)[0]["n"]
    assert localised == run_copy.query("select count(*) n from answers where attribute is not null", keep)[0]["n"]
