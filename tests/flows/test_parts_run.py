"""A run on birds whose parts are located, in the release's layout: tables, figures, and a release without the lists."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import BadDataset
from tests.flows.fake_retrieval import configure
from tests.flows.run_cases import FinishedRun
from tests.pipeline.datasets.cub_release import write_cub

KEEP = ("saliency.rise.keep=true",)
IMAGES_PER_CLASS = 12


def colour_by_attribute(folder: Path) -> None:
    """Give the birds of each attribute one colour, so that it can be told what a match goes by."""
    images = next(folder.rglob("images.txt"))
    labels = []
    for line in images.read_text().splitlines():
        number, name = line.split()
        kind = int(number) % 3
        labels += [f"{number} {attribute} {int(attribute == kind + 1)} 4 1.0" for attribute in (1, 2, 3)]
        noise = np.random.default_rng(int(number)).integers(-20, 21, (48, 40, 3))
        pixels = np.clip(np.eye(3)[kind] * 180 + 40 + noise, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(images.parent / "images" / name, format="PNG")
    (images.parent / "attributes" / "image_attribute_labels.txt").write_text("\n".join(labels) + "\n")


@pytest.fixture(scope="module")
def birds(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    folder = tmp_path_factory.mktemp("birds")
    (folder / "release").mkdir()
    # Effects of fewer training images are not told from none.
    run = FinishedRun(configure(folder, "cub200", write_cub(folder / "release", IMAGES_PER_CLASS)))
    colour_by_attribute(folder)
    run.run(*KEEP, until="metrics")
    return run


@pytest.mark.slow
def test_maps_and_maps_of_attributes_are_held_against_parts(birds: FinishedRun) -> None:
    parts = birds.query("select part, count(*) n from part_locations group by 1", *KEEP)
    counts = {row["part"]: row["n"] for row in parts}
    assert (len(counts), counts["back"], counts["beak"]) == (14, 96, 64)
    answered = {row["pair_id"] for row in birds.query("select pair_id from answers where attribute is not null", *KEEP)}
    assert answered
    by_map = birds.query("select generator, mode, pair_id, auroc from part_localisation", *KEEP)
    assert {(row["generator"], row["mode"]) for row in by_map} >= {("rise", "fixed"), ("centre", "fixed")}
    for generator in {row["generator"] for row in by_map}:
        assert {row["pair_id"] for row in by_map if row["generator"] == generator} == answered
    of_attributes = birds.query("select pair_id, auroc, match_auroc, centre_auroc from attribute_localisation", *KEEP)
    assert {row["pair_id"] for row in of_attributes} == answered
    for generator, column in (("centre", "centre_auroc"), ("rise", "match_auroc")):
        own = {row["pair_id"]: row["auroc"] for row in by_map if row["generator"] == generator}
        assert {row["pair_id"]: row[column] for row in of_attributes} == pytest.approx(own, abs=0.01)
    figures = birds.query("select distinct metric from metrics where table_name = 'part_localisation'", *KEEP)
    assert {row["metric"] for row in figures} == {
        *("auroc", "pointing_hit", "left_out", "auroc_difference", "pointing_hit_difference")
    }


@pytest.mark.slow
def test_a_release_without_part_lists_runs_and_says_so(
    birds: FinishedRun, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = birds.copy_to(tmp_path / "copy")
    lists = next(run.config.parent.rglob("part_locs.txt"))
    away = lists.rename(lists.with_suffix(".away"))
    run.run(*KEEP, until="metrics")
    assert "no parts/part_locs.txt" in caplog.text
    assert run.query("select count(*) n from part_locations", *KEEP) == [{"n": 0}]
    assert run.query("select count(*) n from part_localisation", *KEEP) == [{"n": 0}]
    away.rename(lists)
    lists.write_text(lists.read_text() + "1 99 3.0 3.0 1\n")
    with pytest.raises(BadDataset, match=r"a part of parts/parts.txt"):
        run.run(*KEEP, until="metrics")
