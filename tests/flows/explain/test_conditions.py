"""One pair of a type-aware model: compared under the condition of its types, or the one that is named."""

from pathlib import Path

import numpy as np
import pytest

from flows.explain import ExplainOptions, explain
from flows.readers.saliency_maps import read_maps
from pipeline.errors import BadSetting
from tests.flows.fake_outfits import write_outfit_config
from tests.flows.run_cases import FinishedRun, upstream_of_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    finished = FinishedRun(write_outfit_config(tmp_path_factory.mktemp("outfits")))
    finished.run(until="answers")
    finished.run(until="similarities.test")
    return finished


@pytest.fixture(scope="module")
def pair(run: FinishedRun) -> dict[str, str]:
    return run.query("select * from pairs where split = 'test' order by pair_id limit 1")[0]


def test_the_condition_is_that_of_the_types(run: FinishedRun, pair: dict[str, str]) -> None:
    found = explain(run.config, pair["query"], pair["reference"])
    assert found.condition == pair["condition"]
    stored = run.query(f"select similarity from similarities where pair_id = '{pair['pair_id']}'")[0]["similarity"]
    assert found.similarity == pytest.approx(stored, abs=1e-5)
    map_yx = read_maps(upstream_of_run(run), "rise", "fixed", [pair["pair_id"]])[pair["pair_id"]]
    np.testing.assert_allclose(found.query_map, map_yx, atol=2e-3 * np.abs(map_yx).max())
    row = run.query(f"select * from answers where pair_id = '{pair['pair_id']}'")[0]
    assert found.answer["leading_attribute"] == row["leading_attribute"]
    assert found.answer["effect"] == pytest.approx(row["effect"], abs=1e-5)


def test_another_condition_is_another_comparison(run: FinishedRun, pair: dict[str, str]) -> None:
    names = [row["condition"] for row in run.query("select condition from conditions")]
    other = next(name for name in names if name != pair["condition"])
    found, wanted = (
        explain(run.config, pair["query"], pair["reference"], ExplainOptions(condition=name))
        for name in (other, pair["condition"])
    )
    assert found.condition == other
    assert found.similarity != pytest.approx(wanted.similarity, abs=1e-6)


def test_an_unknown_condition_is_refused_with_those_there_are(run: FinishedRun, pair: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match="one of the model's conditions"):
        explain(run.config, pair["query"], pair["reference"], ExplainOptions(condition="hats|spoons"))


def test_a_file_has_no_condition_and_its_photograph_is_shown_whole(run: FinishedRun, pair: dict[str, str]) -> None:
    photograph = next(Path(run.config.parent).rglob(f"{pair['query']}.jpg"))
    found = explain(run.config, str(photograph), pair["reference"])
    assert found.condition is None
    assert any("general embedding" in note for note in found.notes)
    assert found.query.shown.size_px == explain(run.config, pair["query"], pair["reference"]).query.shown.size_px
