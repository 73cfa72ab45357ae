"""`sane figures`: the figures of a finished run, chosen by the stated rules, and those that it cannot make."""

import re
from pathlib import Path

import pytest
from PIL import Image

from flows.figures.catalogue import FIGURES
from flows.figures.run_reader import RunReader
from tests.flows.run_cases import FinishedRun, invoke, refusal

PAIR_LINE = re.compile(r"^\d+\. ([0-9a-f]{16}): query (\S+), reference (\S+), similarity (\S+?)(?:;|$)", re.MULTILINE)


@pytest.fixture(scope="module")
def folder(finished_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with all figures of the finished run."""
    out = tmp_path_factory.mktemp("figures") / "new" / "folder"
    result = invoke("figures", finished_run.config, "--out", out)
    assert result.exit_code == 0, result.output
    assert "attention: left out" in result.stdout
    for name in FIGURES:
        assert f"{name}: {out / name}.png, {out / name}.txt" in result.stdout
    return out


def caption_parts(folder: Path, name: str, before: str, after: str | None) -> tuple[str, str]:
    """The caption from one text to another, and from that on."""
    text = (folder / f"{name}.txt").read_text(encoding="utf-8").partition(before)[2]
    assert text, before
    first, _, second = text.partition(after) if after else (text, "", "")
    return first, second


def test_every_figure_has_a_picture_and_a_caption_of_pairs_of_the_run(finished_run: FinishedRun, folder: Path) -> None:
    assert {file.name for file in folder.iterdir()} == {f"{name}.{kind}" for name in FIGURES for kind in ("png", "txt")}
    rows = finished_run.query(
        "select pair_id, query, reference, similarity from pairs join similarities using (pair_id)"
    )
    known = {row["pair_id"]: row for row in rows}
    for name in FIGURES:
        with Image.open(folder / f"{name}.png") as picture:
            assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        lines = PAIR_LINE.findall((folder / f"{name}.txt").read_text(encoding="utf-8"))
        assert bool(lines) == (name != "prior")
        for pair_id, query, reference, similarity in lines:
            row = known[pair_id]
            assert (query, reference) == (row["query"], row["reference"])
            assert float(similarity.replace("−", "-")) == pytest.approx(row["similarity"], abs=0.0006)


def test_explanations_are_parted_by_what_was_measured(finished_run: FinishedRun, folder: Path) -> None:
    borne_out, others = caption_parts(folder, "explanations", "are borne out:", "are not borne out:")
    sql = (
        "select pair_id, r.effect from replacements r join answers a using (pair_id, attribute) "
        "where r.kind = 'matched' and r.split = 'test' and r.effect is not null"
    )
    effects = {row["pair_id"]: row["effect"] for row in finished_run.query(sql)}
    for text, falls in ((borne_out, True), (others, False)):
        of_kind = {pair_id for pair_id, effect in effects.items() if (effect < 0) == falls}
        shown = [line[0] for line in PAIR_LINE.findall(text)]
        assert set(shown) <= of_kind
        assert len(shown) == len(set(shown)) == min(4, len(of_kind))
        assert not of_kind or f" of {len(of_kind)}, drawn by seed 0" in text


def test_replacements_are_of_the_thirds_that_change_most_and_least(finished_run: FinishedRun, folder: Path) -> None:
    good, poor = caption_parts(folder, "replacements", "Large change", "Little change")
    sql = (
        "select pair_id from replacements r join answers a using (pair_id, attribute) "
        "where r.kind = 'removal' and r.split = 'test' and len(r.replacements) > 0 order by r.effect, pair_id"
    )
    ordered = [row["pair_id"] for row in finished_run.query(sql)]
    third = len(ordered) // 3
    assert third
    shown = [[line[0] for line in PAIR_LINE.findall(text)] for text in (good, poor)]
    assert set(shown[0]) <= set(ordered[:third])
    assert set(shown[1]) <= set(ordered[-third:])
    assert all(f" of {third}, drawn by seed 0" in text for text in (good, poor))


def test_the_same_run_gives_the_same_files(finished_run: FinishedRun, folder: Path, tmp_path: Path) -> None:
    names = ("generators", "prior")
    words = [word for name in names for word in ("--figure", name)]
    assert invoke("figures", finished_run.config, "--out", tmp_path, *words).exit_code == 0
    assert {file.name for file in tmp_path.iterdir()} == {f"{name}.{kind}" for name in names for kind in ("png", "txt")}
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (folder / file.name).read_bytes()


@pytest.mark.parametrize(("file_format", "begin"), [("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_other_formats(finished_run: FinishedRun, tmp_path: Path, file_format: str, begin: bytes) -> None:
    words = ("--out", tmp_path, "--format", file_format, "--figure", "replacements")
    assert invoke("figures", finished_run.config, *words).exit_code == 0
    assert (tmp_path / f"replacements.{file_format}").read_bytes().startswith(begin)


def test_a_figure_that_cannot_be_made_is_named_and_the_others_are_made(run_copy: FinishedRun, tmp_path: Path) -> None:
    for manifest in (run_copy.store / "true_effects.test").glob("*.json"):
        manifest.unlink()
    result = invoke("figures", run_copy.config, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "recoloured: not made" in result.stderr
    assert f"remedy: run it first: sane run {run_copy.config} --until true_effects.test" in result.stderr
    assert {file.stem for file in (tmp_path / "out").iterdir()} == set(FIGURES) - {"recoloured"}


WITH_GRADIENTS = 'generators = ["rise", "grad_cam"]'


def test_attention_of_two_models_is_shown_for_their_pairs(run_copy: FinishedRun, tmp_path: Path) -> None:
    text = run_copy.config.read_text().replace("[saliency.rise]", f"[saliency]\n{WITH_GRADIENTS}\n[saliency.rise]")
    run_copy.config.write_text(text)
    other = FinishedRun(run_copy.config.with_name("other.toml"))
    # The first epochs in the file are those of the similarity model, whose batches make another model.
    other.config.write_text(text.replace("epochs = 2", "epochs = 2\nbatch_size = 16", 1))
    for run in (run_copy, other):
        for stage in ("saliency_maps.test.grad_cam.fixed", "similarities.test"):
            run.run(until=stage)
    words = ("--figure", "attention", "--out", tmp_path / "out")
    result = invoke("figures", run_copy.config, *words, "--beside", other.config)
    assert result.exit_code == 0, result.output
    text = (tmp_path / "out" / "attention.txt").read_text(encoding="utf-8")
    assert "planted, other" in text
    assert "maps over the query by Grad-CAM" in text
    scores = [
        {row["pair_id"]: row["similarity"] for row in run.query("select pair_id, similarity from similarities")}
        for run in (run_copy, other)
    ]
    lines_of_pairs = re.findall(r"^\d+\. ([0-9a-f]{16}): .*similarity (\S+); by other (\S+)$", text, re.MULTILINE)
    assert len(lines_of_pairs) == 4
    for pair_id, *shown in lines_of_pairs:
        wanted = [of_run[pair_id] for of_run in scores]
        assert [float(one.replace("−", "-")) for one in shown] == pytest.approx(wanted, abs=0.0006)
        assert wanted[0] != wanted[1]


def test_without_another_model_or_its_maps_attention_is_not_made(finished_run: FinishedRun, tmp_path: Path) -> None:
    words = ("figures", finished_run.config, "--figure", "attention", "--out", tmp_path / "out")
    result = invoke(*words)
    assert result.exit_code == 1
    assert "--beside" in result.stderr
    result = invoke(*words, "--beside", finished_run.config)
    assert result.exit_code == 1
    assert "no generator of both runs takes gradients" in result.stderr
    assert not (tmp_path / "out").exists()


def test_of_results_that_are_not_current_nothing_is_shown(finished_run: FinishedRun, tmp_path: Path) -> None:
    stale = ("--set", "saliency.rise.masks=25", "--out", tmp_path / "out", "--figure", "generators")
    result = invoke("figures", finished_run.config, *stale)
    assert result.exit_code == 1
    assert "--until saliency_maps.test.rise.fixed --set saliency.rise.masks=25" in result.stderr
    assert not (tmp_path / "out").exists()


def test_wrong_words_are_refused_and_nothing_is_overwritten(finished_run: FinishedRun, tmp_path: Path) -> None:
    config, out = finished_run.config, tmp_path / "out"
    message = refusal(invoke("figures", config, "--out", out, "--figure", "nothing"), 2)
    assert "one of generators" in message
    assert "where: --format" in refusal(invoke("figures", config, "--out", out, "--format", "gif"), 2)
    assert not out.exists()
    kept = tmp_path / "prior.txt"
    kept.write_text("mine")
    assert str(kept) in refusal(invoke("figures", config, "--out", tmp_path), 2)
    assert [file.name for file in tmp_path.iterdir()] == ["prior.txt"]
    assert kept.read_text() == "mine"
    assert "folder that can be written" in refusal(invoke("figures", config, "--out", kept, "--figure", "prior"), 2)


def test_kinds_of_pairs_have_queries_of_their_own_where_there_are_others(finished_run: FinishedRun) -> None:
    run = RunReader(finished_run.config)
    first, second = run.drawn_apart((run.pairs, run.pairs), 3)
    assert first == run.drawn(run.pairs, 3)
    assert len(second) == 3
    assert not {pair["query"] for pair in first} & {pair["query"] for pair in second}
    assert run.drawn_apart((first, first), 3) == [first, first]
    labels = {run.labels[pair["query"]] for pair in run.pairs}
    of_first = {run.labels[pair["query"]] for pair in first}
    shown = {run.labels[pair["query"]] for pair in second}
    assert len(shown - of_first) == min(3, len(labels - of_first))


def test_pairs_are_drawn_whatever_their_order(finished_run: FinishedRun) -> None:
    run = RunReader(finished_run.config)
    drawn = run.drawn(run.pairs, 4)
    assert len({pair["query"] for pair in drawn}) == 4
    assert run.drawn(run.pairs[::-1], 4) == drawn
    without_first = [pair for pair in run.pairs if pair["pair_id"] != drawn[0]["pair_id"]]
    assert drawn[0] not in run.drawn(without_first, 4)
