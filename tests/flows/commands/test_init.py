"""`sane init`: every kind of folder comes to a configuration that loads and plans; nothing else is touched."""

import csv
import json
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from flows.commands.new_configuration.choices import suitable_fit, suitable_side
from flows.commands.new_configuration.configuration_text import toml_string
from flows.settings.file import load_settings
from pipeline.datasets.catalogue import DATASETS
from pipeline.datasets.image_sizes import ImageSizes
from tests.flows.fake_awa2 import write_fake_awa2
from tests.flows.fake_folder import write_fake_folder
from tests.flows.fake_polyvore import write_fake_polyvore
from tests.flows.fake_retrieval import write_fake_retrieval
from tests.flows.run_cases import invoke, refusal

HOSTILE = "a \"b\" [c] = #d \\u0041 'e' é 猫, {f}; ~"


def write_classes(root: Path, names: tuple[str, ...] = ("red fox", "grey fox", "swan"), count: int = 7) -> Path:
    for position, name in enumerate(names):
        (root / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            pixels = np.full((40, 48, 3), 20 * position + number, np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number}.png")
    return root


def as_release(write: Callable[[Path], Path]) -> Callable[[Path], Path]:
    def written(folder: Path) -> Path:
        return write(folder).parent / "release"

    return written


def with_table(folder: Path) -> Path:
    return write_fake_folder(folder).parent


def with_parquet(folder: Path) -> Path:
    table = write_fake_folder(folder).parent / "items.csv"
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    pq.write_table(pa.Table.from_pylist(rows), folder / "items.parquet")
    table.unlink()
    return folder


def with_classes(folder: Path) -> Path:
    return write_classes(folder / "pictures")


KINDS = {
    "awa2": as_release(lambda folder: write_fake_awa2(folder, train_images=24)),
    "polyvore_outfits": as_release(write_fake_polyvore),
    "cars196": as_release(partial(write_fake_retrieval, kind="cars196")),
    "stanford_online_products": as_release(partial(write_fake_retrieval, kind="stanford_online_products")),
    "market1501": as_release(partial(write_fake_retrieval, kind="market1501")),
    "csv": with_table,
    "parquet": with_parquet,
    "classes": with_classes,
}


def planned_stages(config: Path) -> set[str]:
    result = invoke("plan", config, "--no-calibrate", "--format", "json")
    assert result.exit_code == 0, result.output
    return {row["stage"] for row in json.loads(result.stdout)}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_comes_to_a_configuration_that_plans(tmp_path: Path, kind: str) -> None:
    (tmp_path / "data").mkdir()
    folder = KINDS[kind](tmp_path / "data")
    before = sorted(tmp_path.rglob("*"))
    out = tmp_path / "new.toml"
    result = invoke("init", folder, "--out", out)
    assert result.exit_code == 0, result.output
    assert f"sane run {out}" in result.stdout
    settings = load_settings(out)
    assert settings.dataset.kind == (kind if kind in DATASETS else "folder")
    # Where images have no attributes nothing is said of models that are not trained.
    told = "attribute model" in result.stdout, "attribute model" in out.read_text()
    assert told == (settings.dataset.declared.has_attributes,) * 2
    assert settings.dataset.image_size_px == 32
    named = {"answers"} if settings.dataset.declared.has_attributes else {"retrieval.test"}
    assert {"images", "report", *named} <= planned_stages(out)
    new = {path.name for path in set(tmp_path.rglob("*")) - set(before) if "store" not in path.parts}
    assert new == {"new.toml", "new.items.csv"} if kind == "classes" else {"new.toml"}


def test_a_small_subset_of_awa2_comes_to_a_configuration_that_runs(tmp_path: Path) -> None:
    release, out = as_release(write_fake_awa2)(tmp_path), tmp_path / "new.toml"
    result = invoke("init", release, "--out", out)
    assert result.exit_code == 0, result.output
    assert "validation_images 2: the training class 'crow' has 8 images" in result.stdout
    assert "validation_images = 2\n" in out.read_text()
    result = invoke("run", out, "--until", "pairs.valid", "--set", "compute.threads=1")
    assert result.exit_code == 0, result.output


def test_of_a_class_with_too_few_images_for_any_split_awa2_is_refused(tmp_path: Path) -> None:
    release = as_release(lambda folder: write_fake_awa2(folder, train_images=3))(tmp_path)
    assert "4 or more images: 2 for validation" in refusal(invoke("init", release, "--out", tmp_path / "new.toml"), 1)


def test_outfits_of_the_disjoint_splits_alone_come_to_a_configuration_that_runs(tmp_path: Path) -> None:
    release, out = as_release(write_fake_polyvore)(tmp_path), tmp_path / "new.toml"
    (release / "nondisjoint").rename(release / "disjoint")
    result = invoke("init", release, "--out", out)
    assert result.exit_code == 0, result.output
    assert "outfit_splits disjoint: there is no folder 'nondisjoint'" in result.stdout
    assert load_settings(out).dataset.outfit_splits == "disjoint"
    result = invoke("run", out, "--until", "pairs.valid", "--set", "compute.threads=1")
    assert result.exit_code == 0, result.output
    (release / "disjoint").rename(release / "other")
    assert "nondisjoint" in refusal(invoke("init", release, "--out", tmp_path / "more.toml"), 1)


def test_where_the_defaults_suit_no_setting_of_a_release_is_written(tmp_path: Path) -> None:
    for kind, key in (("awa2", "validation_images"), ("polyvore_outfits", "outfit_splits")):
        out = tmp_path / f"{kind}.toml"
        (tmp_path / kind).mkdir()
        assert invoke("init", KINDS[kind](tmp_path / kind), "--out", out).exit_code == 0
        assert key not in out.read_text()


def test_images_of_classes_can_be_read_and_paired(tmp_path: Path) -> None:
    out = tmp_path / "sane.toml"
    assert invoke("init", with_classes(tmp_path), "--out", out, "--image-size-px", 24).exit_code == 0
    result = invoke("run", out, "--until", "pairs.test", "--set", "compute.threads=1")
    assert load_settings(out).dataset.image_size_px == 24
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("name", [HOSTILE, " spaces ", "~tilde"])
def test_hostile_names_of_folders_and_classes(tmp_path: Path, name: str) -> None:
    root = write_classes(tmp_path / name / name, (name, "tab\there", "line\nbreak", " space", "tab_here"))
    for place in (tmp_path / "sane.toml", tmp_path / name / f"{name}.toml", root / "own.toml"):
        result = invoke("init", root, "--out", place)
        assert result.exit_code == 0, result.output
        assert load_settings(place).dataset.root == root
        assert "images" in planned_stages(place)
        with place.with_name(f"{place.stem}.items.csv").open(encoding="utf-8", newline="") as file:
            labels = {row["label"] for row in csv.DictReader(file)}
        assert len(labels) == 5
        place.unlink()
        place.with_name(f"{place.stem}.items.csv").unlink()


def test_a_folder_whose_path_no_configuration_can_name_is_refused_and_nothing_written(tmp_path: Path) -> None:
    root = write_classes(tmp_path / "tab\there")
    message = refusal(invoke("init", root, "--out", tmp_path / "sane.toml"), 2)
    assert "control characters" in message
    assert [path.name for path in tmp_path.iterdir()] == ["tab\there"]


@pytest.mark.parametrize("text", [HOSTILE, "\t\n\r\x00\x7f\x85\u2028", "plain", '"""', "\\"])
def test_any_text_survives_toml(text: str) -> None:
    assert tomllib.loads(f"key = {toml_string(text)}") == {"key": text}


@pytest.mark.parametrize("existing", ["sane.toml", "sane.items.csv"])
def test_nothing_is_overwritten(tmp_path: Path, existing: str) -> None:
    root = with_classes(tmp_path)
    (tmp_path / existing).write_text("mine")
    message = refusal(invoke("init", root, "--out", tmp_path / "sane.toml"), 2)
    assert f"where: {tmp_path / existing}" in message
    assert (tmp_path / existing).read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"pictures", existing}


def test_the_folder_of_images_is_written_to_only_when_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = with_classes(tmp_path)
    monkeypatch.chdir(root)
    assert "--out" in refusal(invoke("init", "."), 2)
    assert not list(root.glob("sane*"))
    monkeypatch.chdir(tmp_path)
    assert invoke("init", "pictures").exit_code == 0
    assert (tmp_path / "sane.toml").exists()


def test_beside_a_table_and_its_folder_of_images_no_name_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(with_table(tmp_path))
    assert invoke("init", ".").exit_code == 0
    assert load_settings(tmp_path / "sane.toml").dataset.root == tmp_path / "pictures"


def test_test_classes_of_their_own_are_said(tmp_path: Path) -> None:
    names = tuple(f"{colour} {kind}" for colour in ("red", "grey", "white", "black") for kind in ("fox", "crow", "owl"))
    root = write_classes(tmp_path / "pictures", names, count=4)
    out = tmp_path / "sane.toml"
    assert "no class of a test image" in invoke("init", root, "--out", out).stdout
    with (tmp_path / "sane.items.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    labels = {split: {row["label"] for row in rows if row["split"] == split} for split in ("train", "test")}
    assert len(labels["test"]) == 2
    assert labels["train"].isdisjoint(labels["test"])
    assert "images" in planned_stages(out)


def test_splits_of_folders_are_kept(tmp_path: Path) -> None:
    for split in ("train", "val", "test"):
        write_classes(tmp_path / "pictures" / split, ("red fox", "swan"), count=3)
    out = tmp_path / "sane.toml"
    result = invoke("init", tmp_path / "pictures", "--out", out)
    assert "images: 18 (6 train, 6 valid, 6 test)" in result.stdout
    assert "labels: 2;" in result.stdout
    assert "images" in planned_stages(out)


def test_two_tables_of_images_are_refused_by_name(tmp_path: Path) -> None:
    folder = with_table(tmp_path)
    (folder / "more.csv").write_bytes((folder / "items.csv").read_bytes())
    assert "found: items.csv, more.csv" in refusal(invoke("init", folder, "--out", tmp_path / "sane.toml"), 1)


def test_a_table_with_a_bad_value_is_refused_with_its_place(tmp_path: Path) -> None:
    table = with_table(tmp_path) / "items.csv"
    table.write_text(table.read_text().replace(",train,", ",Train,", 1))
    assert "column 'split'" in refusal(invoke("init", tmp_path, "--out", tmp_path / "sane.toml"), 1)


def test_a_place_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    root = with_classes(tmp_path)
    message = refusal(invoke("init", root, "--out", tmp_path / "none" / "sane.toml"), 2)
    assert "that can be written" in message


def test_what_was_left_out_is_said(tmp_path: Path) -> None:
    root = with_classes(tmp_path)
    (root / "swan" / "broken.jpg").write_text("no image")
    (root / "swan" / "notes.txt").write_text("text")
    write_classes(root, ("alone",), count=1)
    (root / "other.csv").write_text("name,price\na,1\n")
    result = invoke("init", root, "--out", tmp_path / "sane.toml")
    assert result.exit_code == 0, result.output
    for line in (
        "1 that cannot be opened as images",
        "2 no image by their suffix",
        "1 alone in their class or its split",
        "'other.csv': no column image_id, split, label",
        "images: 21 (9 train, 6 valid, 6 test)",
        "labels: 3; attributes: 4",
    ):
        assert line in result.stdout


def test_a_folder_of_nothing_that_is_known_is_refused(tmp_path: Path) -> None:
    cases = {"empty": "an empty folder", "flat": "0 folders and 1 files", "one": "1 folders and 0 files"}
    (tmp_path / "empty").mkdir()
    write_classes(tmp_path / "flat", (".",), count=1)
    write_classes(tmp_path / "one", ("cat",))
    for name, found in cases.items():
        message = refusal(invoke("init", tmp_path / name, "--out", tmp_path / "sane.toml"), 1)
        assert f"found: {found}" in message
        assert "awa2 or polyvore_outfits" in message
    assert "no such folder" in refusal(invoke("init", tmp_path / "none"), 1)
    assert not (tmp_path / "sane.toml").exists()


def test_a_release_without_one_of_its_files_is_refused_by_its_name(tmp_path: Path) -> None:
    release = KINDS["awa2"](tmp_path)
    (release / "testclasses.txt").unlink()
    assert "testclasses.txt" in refusal(invoke("init", release, "--out", tmp_path / "sane.toml"), 1)


def test_too_few_images_of_every_class_are_refused(tmp_path: Path) -> None:
    root = write_classes(tmp_path / "pictures", count=3)
    assert "the split 'valid'" in refusal(invoke("init", root, "--out", tmp_path / "sane.toml"), 1)
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]


@pytest.mark.parametrize("size_px", [15, 1025])
def test_a_size_out_of_range_is_refused(tmp_path: Path, size_px: int) -> None:
    message = refusal(invoke("init", tmp_path, "--image-size-px", size_px), 2)
    assert "where: --image-size-px" in message


@pytest.mark.parametrize(
    ("size_px", "side_px", "fit"),
    [((640, 640), 112, "crop"), ((48, 40), 32, "pad"), ((20, 20), 32, "crop"), ((100, 95), 80, "crop")],
)
def test_size_and_fit_follow_the_images(size_px: tuple[int, int], side_px: int, fit: str) -> None:
    sizes = ImageSizes({str(number): size_px for number in range(5)}, ())
    assert (suitable_side(sizes), suitable_fit(sizes)) == (side_px, fit)


def test_a_batch_takes_no_more_of_a_class_than_the_smallest_has(tmp_path: Path) -> None:
    seen = set()
    for count in (6, 8, 24):
        folder = tmp_path / str(count)
        write_classes(folder / "pictures", count=24)
        for image in sorted((folder / "pictures" / "swan").iterdir())[count:]:
            image.unlink()
        assert invoke("init", folder / "pictures", "--out", folder / "sane.toml").exit_code == 0
        with (folder / "sane.items.csv").open(encoding="utf-8", newline="") as file:
            labels = [row["label"] for row in csv.DictReader(file) if row["split"] == "train"]
        smallest = min(number for number in map(labels.count, set(labels)) if number > 1)
        found = load_settings(folder / "sane.toml").similarity_model
        assert found.images_per_class == min(4, smallest)
        assert ("images_per_class" in found.model_fields_set) == (smallest < 4)
        seen.add(smallest < 4)
    assert seen == {False, True}
