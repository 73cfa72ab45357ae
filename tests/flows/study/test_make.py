"""Studies of a finished run: what they ask is what the run holds, and what cannot be asked is refused."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flows.study.run_items import StudiedRun, matched_pairs
from pipeline.study.design import PREDICTION, PREFERENCE
from tests.flows.run_cases import FOUR_PARTS, FinishedRun, invoke
from tests.flows.study.small_study import OPTIONS, design_of, make_study, published


def test_a_variant_that_excludes_every_attribute_names_none() -> None:
    explained = {"split": "test", "variant": "sane", "rank": 1, "attribute": "red"}
    tables = {
        "explanations": [{**explained, "pair_id": "p", "score": 0.5}, {**explained, "pair_id": "q", "score": None}],
        "similarities": [{"pair_id": pair, "similarity": 0.5} for pair in "pq"],
        "pairs": [
            {"pair_id": pair, "split": "test", "is_match": True, "query": "a", "reference": pair} for pair in "pq"
        ],
    }
    results = SimpleNamespace(table=lambda name: SimpleNamespace(to_pylist=lambda: tables[name]))
    pairs, left_out = matched_pairs(StudiedRun("run", "planted", 0, results), ["sane"])  # type: ignore[arg-type]
    assert ([pair.pair_id for pair in pairs], left_out) == (["p"], 1)


@pytest.fixture(scope="module")
def studies(finished_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("studies")
    return {name: make_study(finished_run.config, folder / name, name) for name in OPTIONS}


def test_named_attributes_are_those_of_the_variant(finished_run: FinishedRun, studies: dict[str, Path]) -> None:
    sql = "select pair_id, attribute from explanations where variant = 'classifier' and rank = 1"
    named = {row["pair_id"]: row["attribute"] for row in finished_run.query(sql)}
    design, told = design_of(studies[PREFERENCE]), published(studies[PREFERENCE])
    assert len(design["questions"]) == 2 * 4 + 2
    for name, question in design["questions"].items():
        texts = [option["text"] for option in told["questions"][name]["options"]]
        place = 0 if question["target"] == "left" else 1
        assert texts[place] == named[question["item"]].replace("_", " ").replace(":", ": ")
        assert texts[1 - place] != texts[place]


def test_the_target_of_a_triplet_is_the_pair_with_the_higher_score(
    finished_run: FinishedRun, studies: dict[str, Path]
) -> None:
    rows = finished_run.query("select pair_id, query, similarity from pairs join similarities using (pair_id)")
    scores = {row["pair_id"]: (row["query"], row["similarity"]) for row in rows}
    questions = design_of(studies[PREDICTION])["questions"].values()
    assert {question["condition"] for question in questions} == {"nothing", "map+classifier"}
    for question in questions:
        better, worse = (scores[name] for name in question["item"].split("|"))
        assert better[0] == worse[0]
        assert better[1] >= worse[1]


@pytest.mark.parametrize("protocol", [PREFERENCE, PREDICTION])
def test_every_picture_is_there_and_each_is_needed(studies: dict[str, Path], protocol: str) -> None:
    pages, named = studies[protocol] / "pages", set()
    for question in published(studies[protocol])["questions"].values():
        shown: list[dict[str, Any]] = [*question["figures"], *question["options"]]
        named |= {part[key] for part in shown for key in ("image", "map") if key in part}
    files = {path.relative_to(pages).as_posix() for path in (pages / "images").iterdir()}
    assert files == named
    assert all((pages / name).read_bytes().startswith(b"\xff\xd8") for name in files)


@pytest.mark.parametrize("protocol", [PREFERENCE, PREDICTION])
def test_the_key_lies_apart_and_no_page_holds_it(studies: dict[str, Path], protocol: str) -> None:
    study = studies[protocol]
    assert {path.name for path in study.iterdir()} == {"pages", "design.json", "README.txt"}
    assert "Do not publish" in (study / "design.json").read_text()
    text = "".join(path.read_text() for path in (study / "pages").rglob("*") if path.suffix in (".html", ".js"))
    for question in design_of(study)["questions"].values():
        assert not [pair for pair in question["item"].split("|") if pair in text]


def test_the_seed_decides_what_is_asked(finished_run: FinishedRun, studies: dict[str, Path], tmp_path: Path) -> None:
    def asked(folder: Path) -> list[list[dict[str, Any]]]:
        design = design_of(folder)
        return [[design["questions"][name] for name in form] for form in design["forms"]]

    again = make_study(finished_run.config, tmp_path / "again", PREFERENCE)
    assert asked(again) == asked(studies[PREFERENCE])
    other = make_study(finished_run.config, tmp_path / "other", PREFERENCE, "--seed", 5)
    assert asked(other) != asked(studies[PREFERENCE])


@pytest.mark.parametrize(
    ("protocol", "options", "named"),
    [
        (PREFERENCE, ("--questions", "5", "--pairs", "5"), "multiples of 2"),
        (PREFERENCE, ("--questions", "4", "--pairs", "6"), "--pairs"),
        (PREFERENCE, ("--questions", "400", "--pairs", "400"), "without a common image"),
        (PREDICTION, ("--condition", "sense"), "'sense'"),
        (PREDICTION, ("--condition", "map+map"), "'map'"),
        (PREDICTION, ("--condition", "fashion_search_net", "--repeats", "4"), "fashion_search_net"),
        (PREDICTION, ("--condition", "nothing"), "each of them once"),
        (PREDICTION, ("--generator", "lime"), "lime"),
        (PREFERENCE, ("--explained-by", "random"), "--explained-by"),
        (PREFERENCE, ("--protocol", "both"), "preference or prediction"),
        (PREFERENCE, ("--group", "=1+1"), "--group"),
        (PREFERENCE, ("--group", "a", "--group", "a"), "each of them once"),
        (PREFERENCE, ("--checks", "99"), "fewer attention checks"),
        (PREFERENCE, ("--consent", "no_such_file.txt"), "no_such_file.txt"),
        (PREFERENCE, ("--subjects", "0"), "--subjects"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    finished_run: FinishedRun, tmp_path: Path, protocol: str, options: tuple[str, ...], named: str
) -> None:
    words = ("--protocol", protocol, *OPTIONS[protocol], *options)
    result = invoke("study", "make", finished_run.config, "--out", tmp_path / "study", *words)
    assert result.exit_code == 2, result.output
    assert FOUR_PARTS.search(result.output)
    assert named in result.output
    assert not (tmp_path / "study").exists()


def test_a_folder_that_holds_files_is_left_alone(finished_run: FinishedRun, studies: dict[str, Path]) -> None:
    before = (studies[PREFERENCE] / "design.json").read_bytes()
    words = ("--protocol", PREFERENCE, *OPTIONS[PREFERENCE])
    result = invoke("study", "make", finished_run.config, "--out", studies[PREFERENCE], *words)
    assert result.exit_code == 2
    assert "nothing is overwritten" in result.output
    assert (studies[PREFERENCE] / "design.json").read_bytes() == before


def test_one_dataset_named_twice_is_refused(finished_run: FinishedRun, tmp_path: Path) -> None:
    result = invoke("study", "make", finished_run.config, finished_run.config, "--out", tmp_path / "study")
    assert result.exit_code == 2
    assert "different file names" in result.output
