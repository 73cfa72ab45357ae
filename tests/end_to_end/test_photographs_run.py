"""A whole run, but for the report, on a fake release of photographs: the way of files, classes and class attributes."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.plan_accuracy import passes_disagree
from tests.flows.costs.test_counts import costs_of, recorded
from tests.flows.fake_awa2 import write_fake_awa2
from tests.flows.run_cases import FinishedRun


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    folder: Path = tmp_path_factory.mktemp("photographs")
    run = FinishedRun(write_fake_awa2(folder))
    run.run(until="metrics")
    return run


@pytest.mark.slow
def test_photographs_go_through_to_figures(photographs: FinishedRun) -> None:
    assert photographs.computed(until="metrics") == {}
    rows = photographs.query("select table_name, metric, n from metrics")
    assert {row["table_name"] for row in rows} == {
        "answer",
        "answer_comparison",
        "answer_group",
        "answer_group_comparison",
        "answer_set",
        "saliency_faithfulness",
        "saliency_faithfulness_comparison",
        "attribute_explanation",
        "attribute_explanation_comparison",
        "attribute_recognition",
    }
    assert photographs.query("select value from metrics where metric = 'constant_attributes'")[0]["value"] >= 1


@pytest.mark.slow
def test_pairs_are_of_one_class_and_attributes_are_the_class_row(photographs: FinishedRun) -> None:
    mixed = (
        "select count(*) n from pairs p join images q on p.query = q.image_id "
        "join images r on p.reference = r.image_id where q.label <> r.label or q.split <> p.split"
    )
    assert photographs.query(mixed) == [{"n": 0}]
    assert photographs.query("select distinct attributes from images where label = 'robin'") == [
        {"attributes": ["red", "flies", "alive"]}
    ]
    assert photographs.query("select distinct width_px, height_px from images") == [{"width_px": 48, "height_px": 40}]


@pytest.mark.slow
def test_only_the_report_and_what_it_alone_reads_is_left(photographs: FinishedRun) -> None:
    similarities = {f"similarities.{split}" for split in ("train", "valid", "test")}
    assert set(photographs.status(command="plan")) == {"pair_pages.test", "report", *similarities}


@pytest.mark.slow
def test_a_plan_before_the_run_tells_its_passes(photographs: FinishedRun) -> None:
    real = recorded(photographs)
    costs = costs_of(photographs.settings("store.root=elsewhere"))
    # A photograph may turn out unreadable, so everything is a bound; here all can be read and nothing stops early.
    assert costs["embeddings"].is_upper_bound
    done = {name: (cost, real[name]) for name, cost in costs.items() if name in real}
    assert set(costs) - set(done) == {
        "pair_pages.test",
        "report",
        "similarities.train",
        "similarities.valid",
        "similarities.test",
    }
    exact = [name for name in done if name != "faithfulness.rise.fixed"]
    assert [
        name for name in exact if passes_disagree(replace(done[name][0], is_upper_bound=False), done[name][1])
    ] == []
    assert not passes_disagree(*done["faithfulness.rise.fixed"])
