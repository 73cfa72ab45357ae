"""Discovered attributes in the place of labels: a folder of images without any label gets explanations."""

import csv
import json
from pathlib import Path

import pytest
from PIL import Image

from flows.auto_compute.resolve import stages_before_precision
from flows.commands.query import current_tables
from flows.configured_runs import ConfiguredRun
from flows.readers.discovered_groups import read_groups
from flows.stages.graph import build_stages
from pipeline.datasets.planted.renderer import render_item
from pipeline.datasets.planted.spec import PlantedSpec
from tests.flows.planted_config import CONFIG, write_config
from tests.flows.run_cases import FinishedRun, Tables, invoke
from tests.flows.user_model_config import EXAMPLES, HISTOGRAM

COUNTS = {"train": 60, "valid": 24, "test": 24}
DISCOVERED = """
[discovery]
neighbours = 8
kept = 4
cells = 8
clusters = 6
"""


def write_unlabelled_folder(folder: Path) -> Path:
    """Write rendered items as files, a table of ids and splits alone, and a configuration; return its path."""
    spec = PlantedSpec(image_size_px=32, train_items=60, valid_items=24, test_items=24)
    (folder / "pictures").mkdir(parents=True)
    rows = []
    for split, count in COUNTS.items():
        for number in range(count):
            name = f"{split}_{number:05d}"
            Image.fromarray(render_item(spec, name)).save(folder / "pictures" / f"{name}.png")
            rows.append((f"{name}.png", split))
    with (folder / "items.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("image_id", "split"), *rows])
    (folder / "colour_histogram.py").write_text((EXAMPLES / "colour_histogram.py").read_text())
    rest = CONFIG[CONFIG.index("[store]") :]
    model, pairs = rest.index("[similarity_model]"), rest.index("[pairs]")
    dataset = 'kind = "folder"\nroot = "pictures"\ntable = "items.csv"\nimage_size_px = 32\nattributes = "discovered"'
    text = f'[dataset]\n{dataset}\n{rest[:model]}[similarity_model]\nkind = "user"\n{HISTOGRAM}\n{rest[pairs:]}'
    path = folder / "unlabelled.toml"
    path.write_text(text + DISCOVERED)
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    finished = FinishedRun(write_unlabelled_folder(tmp_path_factory.mktemp("unlabelled") / "run"))
    finished.run()
    return finished


@pytest.fixture(scope="module")
def tables(run: FinishedRun) -> Tables:
    return Tables(run.settings())


def test_every_test_pair_has_an_answer_of_the_discovered_attributes(tables: Tables) -> None:
    names = [row["attribute"] for row in tables.ask("select attribute from attribute_vocabulary order by position")]
    assert names == [f"cluster-0{number}" for number in range(1, 7)]
    answers = tables.ask("select * from answers")
    pairs = tables.ask("select * from pairs where split = 'test'")
    assert len(answers) == len(pairs) == 24
    named = {row["attribute"] for row in answers if row["attribute"] is not None}
    assert named
    assert named <= set(names)
    variants = tables.ask("select distinct variant from explanations where attribute is not null")
    assert {"sane", "classifier", "embedding_effect"} <= {row["variant"] for row in variants}


def test_images_have_what_was_discovered_and_a_label_of_those_like_them(tables: Tables) -> None:
    images = {row["image_id"]: row for row in tables.ask("select * from images")}
    found = tables.ask("select * from discovered_labels")
    assert len(images) == len(found) == sum(COUNTS.values())
    for row in found:
        assert images[row["image_id"]]["attributes"] == row["attributes"]
        assert images[row["image_id"]]["label"] == row["likeness"]
    # Pairs are of images that are alike.
    pairs = tables.ask("select * from pairs")
    assert all(images[row["query"]]["label"] == images[row["reference"]]["label"] for row in pairs)
    assert len({row["label"] for row in images.values()}) > 1


def test_nothing_is_left_to_do_and_a_later_setting_leaves_what_comes_before_labels(run: FinishedRun) -> None:
    assert run.computed() == {}
    status = run.status("discovery.clusters=5")
    assert status["discovered_attributes"]["state"] == "stale"
    before = (
        "unlabelled_images",
        "similarity_model",
        "embeddings",
        "discovery_effects.train",
        "discovered_matches.test",
    )
    assert all(status[stage]["state"] == "current" for stage in before)
    assert status["images"]["state"] == "pending"


def test_a_shard_of_which_no_label_changed_stays(run: FinishedRun, tmp_path: Path) -> None:
    copy = run.copy_to(tmp_path / "copy")
    before = copy.manifest("images")
    # Other names of the same groups would be other labels: an equal result is needed.
    assert copy.computed("discovery.fitted=19999", until="images") == {"discovered_attributes": 1}
    assert copy.manifest("images").fingerprint == before.fingerprint


def test_rendered_items_with_discovered_attributes_are_not_audited(tmp_path: Path) -> None:
    run = FinishedRun(write_config(tmp_path))
    discovered = {stage.name for stage in build_stages(run.settings("dataset.attributes=discovered"))}
    usual = {stage.name for stage in build_stages(run.settings())}
    assert {"audit", "true_effects.test"} <= usual - discovered
    assert {"unlabelled_images", "discovered_attributes"} <= discovered - usual
    order = [stage.name for stage in build_stages(run.settings("dataset.attributes=discovered"))]
    assert order.index("embeddings") < order.index("discovered_attributes") < order.index("images")


def test_patches_are_as_large_as_those_that_were_embedded(run: FinishedRun) -> None:
    upstream = ConfiguredRun(run.settings()).current()
    whole, quarter = (read_groups(upstream, {}, share) for share in (1.0, 0.25))
    assert [len(group.patches) for group in whole] == [len(group.patches) for group in quarter]
    pixels = {image.tobytes() for image in upstream.arrays("images", "pixels", "pixels", "test")}
    assert {patch.tobytes() for group in whole for patch in group.patches} <= pixels
    assert not {patch.tobytes() for group in quarter for patch in group.patches} & pixels
    status = run.status("discovery.crop_share=0.5")
    assert any("discovery.crop_share" in reason for reason in status["report"]["reasons"])


def test_a_precision_is_decided_before_anything_is_discovered(run: FinishedRun, tmp_path: Path) -> None:
    before = stages_before_precision(run.settings("compute.precision=auto"))
    assert [stage.name for stage in before] == ["unlabelled_images", "similarity_model"]
    copy = run.copy_to(tmp_path / "copy")
    result = invoke("run", copy.config, "--until", "embeddings", "--set", "compute.precision=auto")
    assert result.exit_code == 0, result.output
    assert "compute.precision = 'auto' is" in result.stdout


def test_a_table_without_labels_is_refused_where_they_are_not_discovered(run: FinishedRun) -> None:
    with pytest.raises(Exception, match="columns image_id, split, label"):
        current_tables(run.settings("dataset.attributes=labelled"))


def test_names_by_hand_are_kept_listed_and_shown(run: FinishedRun, tmp_path: Path) -> None:
    copy = run.copy_to(tmp_path / "copy")

    def listed(*words: str) -> list[dict[str, object]]:
        result = invoke("attributes", "name", copy.config, *words, "--format", "json")
        assert result.exit_code == 0, result.output
        rows: list[dict[str, object]] = json.loads(result.stdout)
        return rows

    before = listed()
    assert [row["attribute"] for row in before] == [f"cluster-0{number}" for number in range(1, 7)]
    # The table has no label to compare with.
    assert {(row["name"], row["closest_label"]) for row in before} == {(None, None)}
    assert copy.status()["report"]["state"] == "current"
    assert listed("cluster-02", " red <i>body</i> ")[1]["name"] == "red <i>body</i>"
    assert copy.status()["report"]["state"] == "stale"
    assert copy.computed() == {"report": 1}
    assert invoke("report", copy.config, "--output", tmp_path / "report").exit_code == 0
    page = (tmp_path / "report" / "evidence.html").read_text(encoding="utf-8")
    assert "red &lt;i&gt;body&lt;/i&gt;" in page
    assert listed("cluster-02", "")[1]["name"] is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("cluster-99", "red"), "cluster-01 to cluster-06"),
        (("cluster-01", "two\nlines"), "one line"),
        (("cluster-01", "cluster-02"), "no other discovered attribute"),
        (("cluster-01",), "neither"),
    ],
)
def test_wrong_names_are_refused(run: FinishedRun, words: tuple[str, ...], message: str) -> None:
    result = invoke("attributes", "name", run.config, *words)
    assert result.exit_code == 2
    assert message in result.output
