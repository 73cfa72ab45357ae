"""`sane compare` on a tiny run: a run and itself, an answer that is asked for otherwise, and what is refused."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flows.compare.shared_pairs import find_shared_pairs
from flows.readers.pair_frame import PairFrame
from pipeline.errors import BadSetting
from tests.flows.run_cases import FinishedRun, invoke, refusal

OTHER = "explanation.answer=embedding_effect"


@pytest.fixture(scope="module")
def two_runs(finished_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A run, and one on the same store whose answers come from another variant."""
    copy = finished_run.copy_to(tmp_path_factory.mktemp("compared") / "copy")
    copy.run(OTHER, until="metrics")
    return copy


def compared(*words: object) -> dict[str, Any]:
    result = invoke("compare", *words, "--format", "json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_run_and_itself_differ_in_nothing(finished_run: FinishedRun) -> None:
    found = compared(finished_run.config, f"{finished_run.config}@latest")
    assert found["pairs"] == 24
    assert found["differs"] == []
    assert found["answers_changed"]["value"] == 0
    assert found["transitions"] == []
    assert len(found["figures"]) > 8
    for figure in found["figures"]:
        assert figure["a"] == figure["b"]
        assert figure["difference"]["value"] in (0, None)
        assert figure["p_value"] in (1, None)
    assert [one["same_pair"]["value"] for one in found["map_agreement"]] == [pytest.approx(1)]


def test_other_answers_are_found_and_nothing_else(two_runs: FinishedRun) -> None:
    found = compared(two_runs.config, two_runs.config, "--set-b", OTHER)
    differs = {one["key"]: (one["a"], one["b"]) for one in found["differs"]}
    assert differs["explanation.answer"][1] == "embedding_effect"
    assert set(differs) <= {"explanation.answer", "stages that only one has"}
    answers = [
        {row["pair_id"]: row["attribute"] for row in two_runs.query("select pair_id, attribute from answers", *sets)}
        for sets in ((), (OTHER,))
    ]
    changed = [pair_id for pair_id, attribute in answers[0].items() if answers[1][pair_id] != attribute]
    assert changed
    assert found["answers_changed"]["value"] == pytest.approx(len(changed) / 24)
    assert sum(one["pairs"] for one in found["transitions"]) == len(changed)
    figures = {(one["metric"], one["generator"]): one for one in found["figures"]}
    assert figures["similarity", None]["difference"]["value"] == 0
    assert figures["insertion_auc", "rise"]["difference"]["value"] == 0
    expected = figures["expected_effect", None]
    means = [two_runs.query("select avg(effect) e from answers", *sets)[0]["e"] for sets in ((), (OTHER,))]
    assert [expected["a"]["value"], expected["b"]["value"]] == pytest.approx(means)
    assert expected["difference"]["value"] != 0


def test_the_page_is_written_and_the_tables_say_where(two_runs: FinishedRun, tmp_path: Path) -> None:
    words = ("compare", two_runs.config, two_runs.config, "--set-b", OTHER, "--output", tmp_path / "new")
    result = invoke(*words)
    assert result.exit_code == 0, result.output
    assert "pairs that both explain: 24" in result.stdout
    assert "explanation.answer" in result.stdout
    page = (tmp_path / "new" / "comparison.html").read_text(encoding="utf-8")
    assert str(tmp_path / "new" / "comparison.html") in result.stdout
    assert page.count('<section class="pair">') == 24
    assert "the answer changes" in page


def test_what_is_not_finished_or_unknown_is_refused_with_what_to_do(finished_run: FinishedRun) -> None:
    config = finished_run.config
    message = refusal(invoke("compare", config, config, "--set-b", "pairs.test=7"), 1)
    assert "metrics is pending" in message
    assert "sane run CONFIG --until metrics" in message
    assert "where: --run" in refusal(invoke("compare", config, f"{config}@nobody"), 2)
    assert "CONFIG@RUN" in refusal(invoke("compare", config, f"{config}@"), 2)
    assert "where: --format" in refusal(invoke("compare", config, config, "--format", "csv"), 2)


def side(name: str, references: list[int], sha: str = "x") -> Any:
    """What finding pairs needs of a side: pairs of image 0 with some references."""
    frame = PairFrame(
        split="test",
        image_ids=["i0", "i1", "i2", "i3"],
        pair_ids=[f"p{row}" for row in references],
        query_p=np.zeros(len(references), dtype=np.int64),
        reference_p=np.array(references),
        labels_na=np.zeros((4, 1), dtype=bool),
        attribute_names=["red"],
        attribute_groups=[-1],
        conditions=[None] * len(references),
    )
    columns = {"image_id": frame.image_ids, "sha256": ["s", sha, "s", "s"]}
    table = {key: SimpleNamespace(to_pylist=lambda values=values: values) for key, values in columns.items()}
    return SimpleNamespace(name=name, frame=frame, upstream=SimpleNamespace(table=lambda *_: table))


def test_pairs_are_shared_by_query_reference_and_condition() -> None:
    shared = find_shared_pairs(side("a", [3, 1]), side("b", [1, 2, 3]))
    assert (shared.pair_ids, shared.references) == (["p3", "p1"], ["i3", "i1"])
    assert (shared.first_rows.tolist(), shared.second_rows.tolist()) == ([0, 1], [2, 0])
    assert shared.other_images == 0
    assert find_shared_pairs(side("a", [3, 1]), side("b", [1, 2, 3], sha="y")).other_images == 1


def test_models_without_a_common_pair_are_refused() -> None:
    with pytest.raises(BadSetting, match="none among 1 pairs of a and 2 of b") as refused:
        find_shared_pairs(side("a", [3]), side("b", [1, 2]))
    assert "pairs.seed" in refused.value.remedy
