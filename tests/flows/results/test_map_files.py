"""`sane maps`: files that hold the stored maps, safe names, and nothing overwritten."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flows.results import Results, open_results
from flows.results.map_files import AskedMaps, safe_stem, write_maps
from pipeline.datasets.placing import place_map, view_box
from pipeline.report.overlays import overlay
from pipeline.report.shown_image import ShownImage
from tests.flows.fake_folder import write_fake_folder
from tests.flows.run_cases import FinishedRun, invoke, refusal

HOSTILE = ["../../etc", "/etc/passwd", "a/b", "a\\b", "..", ".", "", "-rf", "a\nb", "x" * 300, "é", "a b", "nul\0"]


def pair_ids(run: FinishedRun, count: int) -> list[str]:
    rows = run.query(f"select pair_id from pairs where split = 'test' order by pair_id limit {count}")
    return [row["pair_id"] for row in rows]


def test_files_hold_the_map_and_the_query_under_it(finished_run: FinishedRun, tmp_path: Path) -> None:
    first, second = pair_ids(finished_run, 2)
    words = ("--pair", first, "--pair", second, "--pair", first, "--out", tmp_path / "new" / "maps")
    result = invoke("maps", finished_run.config, *words)
    assert result.exit_code == 0, result.output
    endings = ("rise.fixed.npy", "rise.fixed.png")
    names = {f"{pair_id}.{ending}" for pair_id in (first, second) for ending in endings}
    assert {path.name for path in (tmp_path / "new" / "maps").iterdir()} == names
    assert len(result.stdout.splitlines()) == 2
    results = open_results(finished_run.config)
    for pair_id in (first, second):
        file = tmp_path / "new" / "maps" / f"{pair_id}.rise.fixed"
        stored = results.map(pair_id)
        assert np.array_equal(np.load(f"{file}.npy"), stored)
        view = ShownImage(results.image(results.pair(pair_id)["query"]))
        with Image.open(f"{file}.png") as picture:
            assert np.array_equal(np.asarray(picture), overlay(view, stored))
    assert not np.array_equal(results.map(first), results.map(second))


@pytest.mark.parametrize("ending", ["npy", "png"])
def test_a_file_that_is_there_is_kept_and_nothing_is_written(
    finished_run: FinishedRun, tmp_path: Path, ending: str
) -> None:
    first, second = pair_ids(finished_run, 2)
    kept = tmp_path / f"{second}.rise.fixed.{ending}"
    kept.write_text("mine")
    result = invoke("maps", finished_run.config, "--pair", first, "--pair", second, "--out", tmp_path)
    assert str(kept) in refusal(result, 2)
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]
    assert kept.read_text() == "mine"


def test_wrong_words_are_refused(finished_run: FinishedRun, tmp_path: Path) -> None:
    pair_id, out = pair_ids(finished_run, 1)[0], tmp_path / "out"
    for words in (
        ("--pair", "../../etc/passwd", "--out", out),
        ("--pair", pair_id, "--generator", "nothing", "--out", out),
        ("--pair", pair_id, "--mode", "both", "--out", out),
    ):
        refusal(invoke("maps", finished_run.config, *words), 2)
    refusal(invoke("maps", finished_run.config, "--set", "saliency.rise.masks=25", "--pair", pair_id, "--out", out), 1)
    assert not out.exists()
    out.write_text("mine")
    assert "a folder that can be written" in refusal(
        invoke("maps", finished_run.config, "--pair", pair_id, "--out", out), 2
    )
    assert out.read_text() == "mine"


def test_a_flat_map_has_values_and_no_picture(
    finished_run: FinishedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair_id = pair_ids(finished_run, 1)[0]
    flat = np.zeros((32, 32), dtype=np.float32)
    monkeypatch.setattr(Results, "maps", lambda self, pair_ids, generator, mode: dict.fromkeys(pair_ids, flat))
    result = invoke("maps", finished_run.config, "--pair", pair_id, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert "no picture" in result.stdout
    (file,) = tmp_path.iterdir()
    assert np.array_equal(np.load(file), flat)


def test_names_of_files_are_safe_and_different() -> None:
    assert safe_stem("00ff00ff00ff00ff") == "00ff00ff00ff00ff"
    names = [safe_stem(item_id) for item_id in HOSTILE]
    assert len(set(names)) == len(HOSTILE)
    for name in names:
        assert Path(name).name == name
        assert name.isascii()
        assert name.isprintable()
        assert not name.startswith((".", "-"))
        assert 0 < len(name) <= 80
    # Two ids that look alike without what is not plain.
    assert safe_stem("a/b") != safe_stem("a\\b") != safe_stem("a-b")


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> tuple[FinishedRun, Results]:
    run = FinishedRun(write_fake_folder(tmp_path_factory.mktemp("photographs")))
    run.run(until="saliency_maps.test.rise.fixed")
    return run, open_results(run.config)


def test_a_placed_map_lies_where_the_model_sees_the_photograph(
    photographs: tuple[FinishedRun, Results], tmp_path: Path
) -> None:
    run, results = photographs
    pair_id = results.table("pairs", stale_ok=True).to_pylist()[-1]["pair_id"]
    dataset = run.settings().dataset
    # Pictures are 48 px across and 40 px down.
    box = view_box(dataset.fit, (48, 40), dataset.image_size_px, dataset.effective_resolution_px)
    wanted = place_map(results.map(pair_id), box, (48, 40))
    placed = results.placed_map(pair_id)
    assert placed.shape == (40, 48)
    assert np.array_equal(placed, wanted, equal_nan=True)
    (written,) = write_maps(results, AskedMaps([pair_id], "rise", "fixed", placed=True), tmp_path)
    assert written.array.name == f"{pair_id}.rise.fixed.placed.npy"
    assert np.array_equal(np.load(written.array), wanted, equal_nan=True)
    assert written.picture is not None
    assert not written.is_substitute
    with Image.open(written.picture) as picture:
        assert picture.size == (224, 187)


def test_without_its_photograph_the_picture_says_that_it_shows_the_view(
    photographs: tuple[FinishedRun, Results], tmp_path: Path
) -> None:
    run, results = photographs
    pair_id = results.table("pairs", stale_ok=True).to_pylist()[-1]["pair_id"]
    place = next((run.config.parent / "pictures").rglob(results.pair(pair_id)["query"] + ".png"))
    place.rename(tmp_path / "away.png")
    try:
        (written,) = write_maps(results, AskedMaps([pair_id], "rise", "fixed", placed=True), tmp_path / "out")
    finally:
        (tmp_path / "away.png").rename(place)
    assert written.is_substitute
    assert "not there" in written.line()
