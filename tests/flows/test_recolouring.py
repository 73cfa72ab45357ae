"""Edits of colour as stages: from a small catalogue of labelled colours to measured effects, figures and the report."""

import re
from pathlib import Path

import pytest
from PIL import Image

from stores.artifacts import ArtifactStore
from tests.flows.costs.test_counts import costs_of
from tests.flows.fake_polyvore import CONFIG
from tests.flows.run_cases import FinishedRun, invoke
from tests.pipeline.datasets.polyvore_release import outfits_content, write_json
from tests.pipeline.evaluation.recolouring.stand_ins import PAINTS, draw_item

OUTFITS = {"train": 30, "valid": 3, "test": 6}
NAMES = [*PAINTS, "name:striped", "even"]
UNTIL = "recoloured_effects.test"
EDIT_LINE = re.compile(r"^\d+\. ([0-9a-f]{16}): .*; (\S+) edited to (\S+); change (\S+)$", re.MULTILINE)


def write_catalogue(folder: Path) -> Path:
    """Write outfits of a bag and a pair of shoes of one colour each; return the configuration's path.

    Of the test bags the first lies on grey, the second is labelled as striped.
    """
    release = folder / "release"
    metadata, annotations, number = {}, {}, 100
    for split, count in OUTFITS.items():
        outfits = []
        for outfit in range(count):
            colour = outfit % len(PAINTS)
            items = [str(number), str(number + 1)]
            for item, kind in zip(items, ("bags", "shoes"), strict=True):
                pixels = draw_item(list(PAINTS)[colour], number, has_hole=kind == "bags")
                number += 1
                annotations[item] = [colour, 4]
                metadata[item] = {"semantic_category": kind}
                if (split, outfit, kind) == ("test", 0, "bags"):
                    pixels[(pixels == 255).all(axis=2)] = 200
                if (split, outfit, kind) == ("test", 1, "bags"):
                    annotations[item].append(3)
                path = release / "images" / f"{item}.jpg"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(path, quality=98, subsampling=0)
            outfits.append((f"{split}{outfit}", items))
        write_json(release / "nondisjoint" / f"{split}.json", outfits_content(outfits))
    write_json(release / "polyvore_item_metadata.json", metadata)
    write_json(release / "polyvore_attributes.json", {"attributes": NAMES, "annotations": annotations})
    path = folder / "polyvore.toml"
    path.write_text(CONFIG.lstrip().replace("image_size_px = 32", "image_size_px = 40"))
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    run = FinishedRun(write_catalogue(tmp_path_factory.mktemp("catalogue")))
    run.run(until=UNTIL)
    return run


def test_training_items_say_what_edits_move_to(made: FinishedRun) -> None:
    assert made.query("select colour from colours order by 1") == [{"colour": name} for name in sorted(PAINTS)]
    counted = made.query("select colour, count(*) n, count(distinct image_id) ids from colour_examples group by 1")
    assert [(row["n"], row["ids"]) for row in counted] == [(6, 6)] * 3
    assert made.query("select items, accuracy from colour_classifier") == [{"items": 42, "accuracy": pytest.approx(1)}]
    trained = {row["image_id"] for row in made.query("select image_id from images where split = 'train'")}
    assert {row["image_id"] for row in made.query("select image_id from colour_examples")} <= trained


def test_every_pair_is_measured_or_has_a_reason(made: FinishedRun) -> None:
    rows = made.query("select r.*, p.query from recoloured_effects r join pairs p using (pair_id)")
    assert {row["pair_id"] for row in rows} == {
        row["pair_id"] for row in made.query("select pair_id from pairs where split = 'test'")
    }
    left_out = {row["query"]: row["reason"] for row in rows if row["target_colour"] is None}
    bags = made.query("select image_id from images where split = 'test' and label = 'bags' order by 1")
    assert left_out == {bags[0]["image_id"]: "no white ground", bags[1]["image_id"]: "pattern labelled"}
    measured = [row for row in rows if row["target_colour"] is not None]
    assert len(measured) == 2 * 10
    for row in measured:
        assert row["attribute"] != row["target_colour"]
        assert row["accepted"] == (row["effect"] is not None) == (row["reason"] is None)
    assert sum(row["accepted"] for row in measured) > 15
    assert all(0 < abs(row["effect"]) <= 2 for row in measured if row["accepted"])


def test_the_kept_edits_differ_from_their_photographs_inside_the_item_alone(made: FinishedRun) -> None:
    store = ArtifactStore(str(made.store))
    pixels = {}
    for commit in store.read_commits(made.manifest("images")):
        ids = store.read_part_table(commit, "images")["image_id"].to_pylist()
        pixels |= dict(zip(ids, store.read_part_arrays(commit, "pixels")["pixels"], strict=True))
    seen = 0
    for commit in store.read_commits(made.manifest(UNTIL)):
        items = store.read_part_table(commit, "recoloured_items").to_pylist()
        for item, edited in zip(items, store.read_part_arrays(commit, "recoloured_pixels")["pixels"], strict=True):
            changed = (edited != pixels[item["query"]]).any(axis=2)
            assert changed[20, 10]
            assert not changed[:6].any()
            # The part of another colour.
            assert not changed[14:16, 13:15].any()
            seen += 1
    assert seen == 10


def test_the_figure_shows_kept_edits_with_their_effects(made: FinishedRun, tmp_path: Path) -> None:
    made.run(until="similarities.test")
    result = invoke("figures", made.config, "--figure", "recoloured", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    text = (tmp_path / "recoloured.txt").read_text(encoding="utf-8")
    sql = (
        "select r.pair_id, i.attribute, i.target_colour, r.effect "
        "from recoloured_effects r join pairs p using (pair_id) "
        "join recoloured_items i on i.query = p.query and i.target_colour = r.target_colour where r.accepted"
    )
    candidates = {row["pair_id"]: row for row in made.query(sql)}
    assert f"8 of {len(candidates)}, drawn by seed 0" in text
    lines = EDIT_LINE.findall(text)
    assert len(lines) == 8
    for pair_id, before, after, change in lines:
        row = candidates[pair_id]
        assert (before, after) == (row["attribute"], row["target_colour"])
        assert float(change.replace("−", "-")) == pytest.approx(-row["effect"], abs=0.0006)


def test_nothing_is_measured_twice_and_costs_are_a_bound(made: FinishedRun) -> None:
    assert made.computed(until=UNTIL) == {}
    used = made.manifest(UNTIL).details["counts"]["forward_passes"]
    # For each editable query itself, two other colours and two edits to its own.
    bound = 11 * 5
    assert 0 < used <= bound
    cost = costs_of(made.settings("store.root=elsewhere"))[UNTIL]
    assert (cost.forward_passes, cost.is_upper_bound) == (bound, True)
