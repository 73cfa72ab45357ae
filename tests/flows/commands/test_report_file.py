"""The report as a folder: where it cannot be written, what it replaces, and what becomes of the run then."""

import errno
import os
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from flows.commands.report_file import report_name
from pipeline.report.latest import latest_page
from stores.location import Location
from tests.flows.run_cases import FinishedRun, invoke, refusal

OWN = "report-planted-seed0"
LATEST = "report-latest-seed0.html"


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("output", ["nowhere/report", "nowhere/report.zip", ".", "a file", "notes"])
def test_an_output_that_cannot_be_written_is_refused_with_its_name(
    finished_run: FinishedRun, tmp_path: Path, output: str
) -> None:
    (tmp_path / "a file").write_text("mine")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    place = tmp_path / output
    message = refusal(invoke("report", finished_run.config, "--output", place), 2)
    assert f"where: --output {place}" in message
    assert (tmp_path / "a file").read_text() == (tmp_path / "notes" / "mine.txt").read_text() == "mine"


def test_an_empty_folder_and_an_older_report_are_replaced(finished_run: FinishedRun, tmp_path: Path) -> None:
    place = tmp_path / "pages"
    place.mkdir()
    for _ in range(2):
        result = invoke("report", finished_run.config, "--output", place)
        assert result.stdout.strip() == str(place / "index.html")
        next((place / "thumbnails").iterdir()).write_bytes(b"") if _ == 0 else None
    assert all(path.stat().st_size for path in (place / "thumbnails").iterdir())
    assert [path.name for path in tmp_path.iterdir()] == ["pages"]


@pytest.mark.parametrize("made_of", ["report", "foreign record"])
def test_a_folder_that_holds_other_files_too_is_left_alone(
    finished_run: FinishedRun, tmp_path: Path, made_of: str
) -> None:
    place = tmp_path / "pages"
    if made_of == "report":
        assert invoke("report", finished_run.config, "--output", place).exit_code == 0
    else:
        place.mkdir()
        (place / "contents.json").write_text("{}")
    (place / "notes.txt").write_text("mine")
    message = refusal(invoke("report", finished_run.config, "--output", place), 2)
    assert "no report, or others beside one" in message
    assert (place / "notes.txt").read_text() == "mine"


def test_a_zip_holds_the_files_of_the_folder_and_is_the_same_every_time(
    finished_run: FinishedRun, tmp_path: Path
) -> None:
    for name in ("one.zip", "other.zip", "pages"):
        assert invoke("report", finished_run.config, "--output", tmp_path / name).exit_code == 0
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    assert packed == files_below(tmp_path / "pages")
    assert {"index.html", "gallery.html", "evidence.html", "data/gallery.js", "data/pages.js"} <= set(packed)


def test_a_run_on_a_store_that_cannot_be_written_is_done_and_says_where_its_report_is(
    run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: object, **options: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("stores.replaced_folder.os.mkdir", refuse)
    # Below the place where the store explains the system's refusals.
    monkeypatch.setattr(Location, "_unfinished_file", refuse)
    result = invoke("run", run_copy.config)
    assert result.exit_code == 0, result.output
    assert "nothing to do" in result.stdout
    assert f"{OWN} could not be written: Read-only file system" in result.stdout
    [report] = [line.removeprefix("report: ") for line in result.stdout.splitlines() if line.startswith("report: ")]
    assert zipfile.is_zipfile(report)
    assert "Read-only file system" in refusal(invoke("report", run_copy.config), 1)


def test_reports_of_several_seeds_do_not_go_into_one_folder(finished_run: FinishedRun, tmp_path: Path) -> None:
    seeds = ("--set", "evaluation.seeds=[0, 1]")
    message = refusal(invoke("report", finished_run.config, *seeds, "--output", tmp_path / "report"), 2)
    assert "found: 0, 1" in message
    assert "--set evaluation.seeds=[0]" in message


def test_a_name_holds_configuration_and_seed() -> None:
    assert report_name("configs/planted.toml", 3) == "report-planted-seed3"
    assert report_name("my shop & co.toml", 0) == "report-my-shop-co-seed0"
    assert report_name("", 0) == "report-seed0"


def test_a_name_holds_what_was_set() -> None:
    name = report_name("planted.toml", 0, ["saliency.rise.masks=5", "pairs.test=9"])
    assert re.fullmatch(r"report-planted-seed0-[0-9a-f]{8}", name)
    assert name == report_name("planted.toml", 0, ["pairs.test = 9", "saliency.rise.masks=4", "saliency.rise.masks=5"])
    assert name != report_name("planted.toml", 0, ["saliency.rise.masks=6", "pairs.test=9"])


@pytest.mark.parametrize("override", ["seed=0", "evaluation.seeds=[]", "compute.threads=1", "store.root=elsewhere"])
def test_a_name_leaves_out_what_is_in_it_already_or_changes_no_result(override: str) -> None:
    assert report_name("planted.toml", 0, [override]) == OWN


def test_a_run_with_overrides_leaves_the_report_of_the_configuration_alone(run_copy: FinishedRun) -> None:
    change = ("--set", "explanation.weight_grid_step=0.5")
    assert invoke("report", run_copy.config).stdout.strip() == str(run_copy.store / OWN / "index.html")
    whole = files_below(run_copy.store / OWN)
    assert (run_copy.store / LATEST).read_bytes() == latest_page(OWN, "index.html")
    result = invoke("run", run_copy.config, *change)
    assert result.exit_code == 0, result.stderr
    (own,) = re.findall(r"^report: (/.*)/index.html$", result.stdout, re.MULTILINE)
    assert invoke("report", run_copy.config, *change).stdout.strip() == f"{own}/index.html"
    assert own != str(run_copy.store / OWN)
    assert files_below(run_copy.store / OWN) == whole != files_below(Path(own))
    assert (run_copy.store / LATEST).read_bytes() == latest_page(Path(own).name, "index.html")


def test_a_second_configuration_leaves_the_report_of_the_first_alone(run_copy: FinishedRun) -> None:
    second = run_copy.config.with_name("second.toml")
    second.write_text(run_copy.config.read_text())
    for config in (run_copy.config, second):
        assert invoke("report", config).exit_code == 0
    found = {path.name for path in run_copy.store.glob("report-*")}
    assert found == {OWN, "report-second-seed0", LATEST}


def report_paths(run: FinishedRun, *configs: Path) -> list[str]:
    """Return the name of the report of each configuration, written one after the other."""
    results = [invoke("report", config, "--set", f"store.root={run.store}") for config in configs]
    assert all(result.exit_code == 0 for result in results)
    return [Path(result.stdout.strip()).parent.name for result in results]


def test_two_files_of_one_name_do_not_write_over_each_others_report(run_copy: FinishedRun) -> None:
    text = run_copy.config.read_text()
    here, there = run_copy.config, run_copy.config.parent / "elsewhere" / run_copy.config.name
    there.parent.mkdir()
    there.write_text(f"# another\n{text}")
    first, second = report_paths(run_copy, here, there)
    assert first == OWN
    assert re.fullmatch(rf"{OWN}-[0-9a-f]{{8}}", second)
    (run_copy.store / OWN / "index.html").write_text("mine")
    # Each keeps its name, edited or not, and the other's is left alone.
    there.write_text(f"# edited\n{text}")
    assert report_paths(run_copy, there, there) == [second, second]
    assert (run_copy.store / OWN / "index.html").read_text() == "mine"
    here.write_text(f"# edited, too\n{text}")
    assert report_paths(run_copy, here, there) == [first, second]
    assert (run_copy.store / LATEST).read_bytes() == latest_page(second, "index.html")


def test_a_copy_of_a_configuration_has_the_same_report(run_copy: FinishedRun) -> None:
    copied = run_copy.config.parent / "copied" / run_copy.config.name
    copied.parent.mkdir()
    copied.write_bytes(run_copy.config.read_bytes())
    assert report_paths(run_copy, run_copy.config, copied) == [OWN, OWN]


@pytest.mark.parametrize("freed", ["report", "record"])
def test_a_name_whose_report_or_record_is_gone_is_free(run_copy: FinishedRun, freed: str) -> None:
    other = run_copy.config.parent / "other" / run_copy.config.name
    other.parent.mkdir()
    other.write_text(f"# another\n{run_copy.config.read_text()}")
    assert report_paths(run_copy, run_copy.config) == [OWN]
    if freed == "report":
        shutil.rmtree(run_copy.store / OWN)
    else:
        (run_copy.store / "reports" / f"{OWN}.json").write_bytes(b"{}")
    assert report_paths(run_copy, other) == [OWN]


def test_a_run_leaves_a_whole_report_and_mends_one_that_lacks_files(run_copy: FinishedRun) -> None:
    assert invoke("report", run_copy.config).exit_code == 0
    folder = run_copy.store / OWN
    whole, inode = files_below(folder), folder.stat().st_ino
    assert invoke("run", run_copy.config).exit_code == 0
    assert folder.stat().st_ino == inode
    (folder / "data" / "gallery.js").unlink()
    assert invoke("run", run_copy.config).exit_code == 0
    assert files_below(folder) == whole
    (folder / "index.html").write_text("edited")
    assert invoke("report", run_copy.config).exit_code == 0
    assert files_below(folder) == whole
