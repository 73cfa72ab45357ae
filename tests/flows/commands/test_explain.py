"""`sane explain`: what it prints and writes, and what it refuses."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun, invoke, refusal

KEYS = {
    "schema_version",
    "query",
    "reference",
    "condition",
    "similarity",
    "answer",
    "attributes",
    "parts",
    "map",
    "notes",
}
ATTRIBUTE_KEYS = {"attribute", "score", "effect", "effect_low", "effect_high", "presence", "is_labelled"}
PART_KEYS = {"share", "p_value", "attribute", "query_place", "reference_place"}


@pytest.fixture
def pair(finished_run: FinishedRun) -> tuple[str, str]:
    row = finished_run.query("select query, reference from pairs where split = 'test' order by pair_id limit 1")[0]
    return row["query"], row["reference"]


def test_the_answer_comes_first_and_files_say_the_same(
    finished_run: FinishedRun, pair: tuple[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = invoke("explain", finished_run.config, *pair, "--out", out)
    assert result.exit_code == 0, result.output
    values = json.loads((out / "explanation.json").read_text())
    assert set(values) == KEYS
    assert all(set(one) == ATTRIBUTE_KEYS for one in values["attributes"])
    assert all(set(one) == PART_KEYS for one in values["parts"])
    assert (values["query"]["name"], values["reference"]["name"]) == pair
    first, *rest = result.stdout.splitlines()
    named = values["answer"]["attribute"]
    assert first.startswith("No attribute explains this match." if named is None else f"{named} ")
    assert rest[0].startswith("How sure: ")
    order = [values["attributes"][0]["attribute"], "Regions that go together", "Similarity"]
    places = [next(n for n, line in enumerate(rest) if line.strip().startswith(text)) for text in order]
    assert places == sorted(places)
    # Progress is no part of the result.
    assert "passing first image" in result.stderr
    assert "passing" not in result.stdout
    size = finished_run.settings().dataset.image_size_px
    with np.load(out / "explanation.npz") as arrays:
        assert arrays["query_map"].shape == arrays["reference_map"].shape == (size, size)
        assert len(arrays["query_regions"]) == len(values["parts"])
        assert arrays["attribute_names"].tolist()
    with Image.open(out / "explanation.png") as picture:
        assert picture.width > 3 * size


def test_nothing_is_overwritten_and_the_default_folder_names_both(
    finished_run: FinishedRun, pair: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / f"explanation-{pair[0]}-{pair[1]}"
    assert invoke("explain", finished_run.config, *pair).exit_code == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    result = invoke("explain", finished_run.config, *pair)
    assert "nothing is overwritten" in refusal(result, 2)
    # Refused before anything is computed.
    assert "passing" not in result.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_both_directions_have_files_of_their_own(
    finished_run: FinishedRun, pair: tuple[str, str], tmp_path: Path
) -> None:
    result = invoke("explain", finished_run.config, *pair, "--both-directions", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"{stem}.{ending}" for stem in ("explanation", "reverse") for ending in ("png", "json", "npz")}
    values = json.loads((tmp_path / "out" / "reverse.json").read_text())
    assert (values["query"]["name"], values["reference"]["name"]) == pair[::-1]
    assert "The other way round" in result.stdout


def test_with_html_each_direction_is_a_page_that_needs_no_other_file(
    finished_run: FinishedRun, pair: tuple[str, str], tmp_path: Path
) -> None:
    odd = tmp_path / "<b>odd & name.png"
    Image.new("RGB", (90, 60), (200, 30, 30)).save(odd)
    out = tmp_path / "out"
    result = invoke("explain", finished_run.config, pair[0], odd, "--html", "--both-directions", "--out", out)
    assert result.exit_code == 0, result.output
    assert f"{out / 'explanation.html'}" in result.stdout
    values = json.loads((out / "explanation.json").read_text())
    pages = {name: (out / f"{name}.html").read_text() for name in ("explanation", "reverse")}
    for page in pages.values():
        assert "&lt;b&gt;odd &amp; name.png" in page
        assert "<b>odd" not in page
        sources = re.findall(r'src="([^"]{0,5})', page)
        assert len(sources) > 3
        assert set(sources) <= {"data:"}
        assert "<link" not in page
    named = values["answer"]["attribute"]
    # No run has tried other images in the place of a query whose reference is a file.
    headline = "No attribute explains this match" if named is None else f"{named} may explain this match"
    assert f"<h1>{headline}</h1>" in pages["explanation"]
    assert "How sure: unsure." in pages["explanation"]
    # The photograph keeps its shape, and what the model does not see of it lies beside its view.
    assert 'width="640" height="427" alt="Reference: ' in pages["explanation"]
    assert "left:16.667%;top:0.000%;width:66.667%;height:100.000%" in pages["explanation"]
    assert pages["explanation"] != pages["reverse"]


def test_an_unknown_image_is_refused_with_the_closest_ids(finished_run: FinishedRun, pair: tuple[str, str]) -> None:
    message = refusal(invoke("explain", finished_run.config, pair[0] + "x", pair[1]), 2)
    assert f"did you mean {pair[0]}" in message
    # Before anything is loaded that takes time.
    assert "loading" not in message
    assert "sane query CONFIG" in message


def test_a_corrupt_file_is_refused_by_its_name(
    finished_run: FinishedRun, pair: tuple[str, str], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image at all")
    message = refusal(invoke("explain", finished_run.config, pair[0], broken), 1)
    assert f"where: {broken}" in message
    assert not (tmp_path / "out").exists()


def test_without_results_it_says_what_to_run(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    message = refusal(invoke("explain", config, "test_00001", "test_00002", "--set", "seed=3"), 1)
    assert f"sane run {config} --until answers --set seed=3" in message


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--generator", "raise"], "sliding_window"),
        (["--condition", "bags|shoes"], "the model has none"),
        (["--refits", "3"], "at least 20"),
    ],
)
def test_what_there_is_not_is_refused(
    finished_run: FinishedRun, pair: tuple[str, str], words: list[str], told: str
) -> None:
    assert told in refusal(invoke("explain", finished_run.config, *pair, *words), 2)
