"""A dataset of outfits as stages: outfits, type pairs, pairs of one outfit, released lists, and what is refused."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from tests.flows.costs.test_counts import costs_of
from tests.flows.fake_polyvore import write_fake_polyvore, write_item
from tests.flows.run_cases import FinishedRun, invoke, refusal


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A data set of 72 items whose pairs were sampled; not to be written to."""
    run = FinishedRun(write_fake_polyvore(tmp_path_factory.mktemp("outfits")))
    for split in ("train", "valid", "test"):
        run.run(until=f"pairs.{split}")
    return run


@pytest.fixture
def fake(tmp_path: Path) -> FinishedRun:
    """The same data set, nothing run yet."""
    return FinishedRun(write_fake_polyvore(tmp_path))


def run_pairs(fake: FinishedRun, *overrides: str, until: str = "pairs.test") -> Result:
    options = [word for override in overrides for word in ("--set", override)]
    return invoke("run", fake.config, "--until", until, *options)


def test_an_item_of_two_splits_has_a_row_in_each(made: FinishedRun) -> None:
    rows = made.query("select split, count(*) n, count(distinct image_id) ids from images group by 1 order by 1")
    assert rows == [
        {"split": "test", "n": 19, "ids": 19},
        {"split": "train", "n": 36, "ids": 36},
        {"split": "valid", "n": 18, "ids": 18},
    ]
    both = made.query("select split, label, path, pixels_sha256 from images where image_id = '04' order by split")
    assert [row["split"] for row in both] == ["test", "train"]
    assert both[0] == {**both[1], "split": "test"}


def test_pixels_lie_on_white(made: FinishedRun) -> None:
    assert made.settings().dataset.canvas == (255, 255, 255)


def test_outfits_and_type_pairs_are_tables(made: FinishedRun) -> None:
    rows = made.query("select split, count(*) n, sum(len(items)) items from outfits group by 1 order by 1")
    assert [(row["split"], row["n"], row["items"]) for row in rows] == [
        ("test", 6, 19),
        ("train", 12, 36),
        ("valid", 6, 18),
    ]
    assert made.query("select items from outfits where outfit_id = 'train1'") == [{"items": ["103", "104", "105"]}]
    assert made.query("select * from type_pairs order by position") == [
        {"position": 0, "condition": "bags|shoes", "first_type": "bags", "second_type": "shoes"},
        {"position": 1, "condition": "bags|tops", "first_type": "bags", "second_type": "tops"},
        {"position": 2, "condition": "shoes|tops", "first_type": "shoes", "second_type": "tops"},
    ]


def test_pairs_are_of_one_outfit_of_their_split_with_its_condition(made: FinishedRun) -> None:
    apart = (
        "select count(*) n from pairs p where not exists (select 1 from outfits o where o.split = p.split "
        "and list_contains(o.items, p.query) and list_contains(o.items, p.reference))"
    )
    assert made.query(apart) == [{"n": 0}]
    counts = made.query("select split, count(*) n, bool_and(is_match) matches from pairs group by 1 order by 1")
    # In the first test outfit are two bags, and no training outfit pairs bags with bags.
    assert counts == [
        {"split": "test", "n": 38, "matches": True},
        {"split": "train", "n": 36, "matches": True},
        {"split": "valid", "n": 36, "matches": True},
    ]
    wrong = (
        "select count(*) n from pairs p join images q on p.query = q.image_id and p.split = q.split "
        "join images r on p.reference = r.image_id and p.split = r.split "
        "where p.condition <> least(q.label, r.label) || '|' || greatest(q.label, r.label)"
    )
    assert made.query(wrong) == [{"n": 0}]
    assert len(made.query("select distinct pair_id from pairs")) == 110
    assert made.query("select count(*) n from pairs where query = '04' and reference = '154'") == [{"n": 0}]


def test_attributes_that_no_training_item_has_are_noted_and_warned_of(
    fake: FinishedRun, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The command line shows this log itself and keeps it from going further.
    monkeypatch.setattr(logging.getLogger("sane"), "propagate", True)
    fake.run(until="vocabulary")
    assert "1 on no training image (never): table attribute_notes" in caplog.text
    caplog.clear()
    fake.run(until="vocabulary")
    assert caplog.text == ""
    assert fake.query("select * from attribute_notes") == [{"attribute": "never", "note": "absent", "same_as": None}]


def test_another_outfit_is_seen_by_the_same_process(fake: FinishedRun) -> None:
    assert run_pairs(fake).exit_code == 0
    path = fake.config.parent / "release" / "nondisjoint" / "valid.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content[:-1]))
    # Its three items are gone from the images, its split's pairs are not asked for.
    assert set(fake.computed(until="pairs.test")) <= {"images"}
    assert set(fake.computed(until="pairs.valid")) == {"outfits.valid", "pairs.valid"}
    assert fake.query("select count(*) n from outfits") == [{"n": 11}]


def test_the_plan_counts_pairs_before_the_run(made: FinishedRun) -> None:
    costs = costs_of(made.settings("store.root=elsewhere"))
    # Every query has 8 or 16 masks; bags of unknown pairs of types give no query of their own.
    queries = {
        row["split"]: row["n"]
        for row in made.query("select split, count(distinct query) n from pairs group by 1")
    }  # fmt: skip
    passes = {split: costs[f"saliency_maps.{split}.rise.fixed"].forward_passes for split in queries}
    assert passes == {"train": 8 * queries["train"], "valid": 8 * queries["valid"], "test": 16 * queries["test"]}
    arrays = {name for name, cost in costs.items() if cost.bytes is not None}
    assert {"images", "embeddings", *(f"saliency_maps.{split}.rise.fixed" for split in queries)} <= arrays


LIST = """154 155 1
154 156 1
04 154 1
155 156 1
155 157 0
156 gone 1
157 158 1
"""


def test_a_released_list_is_explained_where_it_says_1(fake: FinishedRun) -> None:
    (fake.config.parent / "pairs.txt").write_text(LIST)
    overrides = ("pairs.file=pairs.txt", "pairs.max_missing_share=0.2")
    fake.run(*overrides, until="similarities.test")
    rows = fake.query("select query, reference, is_match, condition from pairs where split = 'test'", *overrides)
    found = {(row["query"], row["reference"]): (row["is_match"], row["condition"]) for row in rows}
    assert found == {
        ("154", "155"): (True, "bags|shoes"),
        ("154", "156"): (True, "bags|tops"),
        ("155", "156"): (True, "shoes|tops"),
        ("157", "158"): (True, "bags|shoes"),
        ("155", "157"): (False, "bags|shoes"),
    }
    assert fake.query("select count(*) n from similarities", *overrides) == [{"n": 4}]
    assert fake.query("select * from missing_images", *overrides) == [{"image_id": "gone", "lines": 1}]
    counts = fake.manifest("pairs.test").details["counts"]
    assert counts == {
        "pairs": 4, "other_pairs": 1, "images": 19, "missing_images": 1, "lines_missing": 1, "lines_repeated": 0,
        "lines_of_itself": 0, "pairs_of_unknown_types": 1,
    }  # fmt: skip
    costs = costs_of(fake.settings("store.root=elsewhere", *overrides))
    assert costs["saliency_maps.test.rise.fixed"].forward_passes == 16 * 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ("pairs.txt", "no such file", "correct pairs.file")),
        ("154 155\n", ("pairs.txt, line 1", "'154 155'")),
        (LIST, ("1 of 7 lines name 1 such images, most often (lines): gone (1)", "pairs.max_missing_share")),
    ],
)
def test_a_list_that_does_not_fit_is_refused_before_an_image_is_opened(
    fake: FinishedRun, content: str | None, words: tuple[str, ...]
) -> None:
    if content is not None:
        (fake.config.parent / "pairs.txt").write_text(content)
    message = refusal(run_pairs(fake, "pairs.file=pairs.txt"), 1)
    for word in words:
        assert word in message
    assert not (fake.store / "images").exists()


def test_items_that_cannot_be_read_are_listed_once_a_split_and_pass_no_pair_on(fake: FinishedRun) -> None:
    (fake.config.parent / "release" / "images" / "04.jpg").write_bytes(b"")
    assert run_pairs(fake, "dataset.max_unreadable_share=0.03").exit_code == 0
    assert [row["path"] for row in fake.query("select path from unreadable_images")] == ["images/04.jpg"] * 2
    assert fake.query("select count(*) n from pairs where query = '04' or reference = '04'") == [{"n": 0}]
    message = refusal(run_pairs(fake), 1)
    assert "found: 2 of 73" in message


def test_a_replaced_image_redoes_its_shards_in_both_splits(fake: FinishedRun) -> None:
    fake.run(until="images")
    write_item(fake.config.parent / "release" / "images" / "04.jpg", "tops", "green", 7)
    assert fake.computed(until="images") == {"images": 2}


def same_types(release: Path) -> None:
    for split in ("train", "valid", "test"):
        path = release / "nondisjoint" / f"{split}.json"
        outfits = json.loads(path.read_text())
        path.write_text(json.dumps([{**outfit, "items": outfit["items"][:1]} for outfit in outfits]))


def constant(release: Path) -> None:
    path = release / "polyvore_attributes.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "annotations": {}}))


def code_in_a_pickle(release: Path) -> None:
    (release / "nondisjoint" / "typespaces.p").write_bytes(b"cos\nsystem\n(S'touch made_by_the_pickle'\ntR.")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (same_types, ("the test split", "at least one outfit with two readable items")),
        (constant, ("6 attributes, each on all or on none of 36 training images",)),
        (code_in_a_pickle, ("typespaces.p", "nothing was run", "or remove it")),
    ],
)
def test_what_cannot_be_explained_is_refused(
    fake: FinishedRun, damage: Callable[[Path], None], words: tuple[str, ...]
) -> None:
    damage(fake.config.parent / "release")
    until = "vocabulary" if damage is constant else "pairs.test"
    message = refusal(run_pairs(fake, until=until), 1)
    for word in words:
        assert word in message
    assert not Path("made_by_the_pickle").exists()
