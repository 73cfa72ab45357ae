"""Data sets and photographs that cannot be used: one clear message each, or handled and listed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from tests.flows.fake_awa2 import write_fake_awa2, write_photographs
from tests.flows.run_cases import FinishedRun, invoke, refusal


@pytest.fixture
def fake(tmp_path: Path) -> FinishedRun:
    """A data set of 32 photographs; nothing is run yet."""
    return FinishedRun(write_fake_awa2(tmp_path))


def release(fake: FinishedRun) -> Path:
    return fake.config.parent / "release"


def run_images(fake: FinishedRun, *options: str) -> Result:
    return invoke("run", fake.config, "--until", "images", *options)


def spoil(path: Path, content: bytes) -> None:
    assert path.is_file()
    path.write_bytes(content)


def test_a_constant_attribute_is_no_error(fake: FinishedRun) -> None:
    result = run_images(fake)
    assert result.exit_code == 0, result.stderr
    rows = fake.query(
        "select split, count(*) n, count(*) filter (list_contains(attributes, 'alive')) alive "
        "from images group by split order by split"
    )
    assert rows == [
        {"split": "test", "n": 8, "alive": 8},
        {"split": "train", "n": 15, "alive": 15},
        {"split": "valid", "n": 9, "alive": 9},
    ]


def test_twenty_more_photographs_redo_only_the_shards_they_fall_into(fake: FinishedRun) -> None:
    assert run_images(fake).exit_code == 0
    before = fake.manifest("images")
    write_photographs(release(fake) / "JPEGImages" / "mole", "mole", range(20001, 20021))
    outcome = fake.run(until="images")["images"]
    after = fake.manifest("images")
    assert 0 < outcome.computed == len(set(after.shard_keys) - set(before.shard_keys)) <= 20
    assert {label for label in before.shard_labels if not label.startswith("test/")} <= set(after.shard_labels)
    untouched = [key for key, label in zip(before.shard_keys, before.shard_labels, strict=True) if "test/" not in label]
    assert set(untouched) <= set(after.shard_keys)


def test_one_changed_photograph_redoes_its_shard_and_a_touched_one_none(fake: FinishedRun) -> None:
    assert run_images(fake).exit_code == 0
    photograph = release(fake) / "JPEGImages" / "crow" / "crow_10001.png"
    photograph.touch()
    assert fake.computed(until="images") == {}
    photograph.write_bytes((release(fake) / "JPEGImages" / "crow" / "crow_10002.png").read_bytes())
    assert fake.computed(until="images") == {"images": 1}


UNREADABLE = {
    "empty": b"",
    "no_image": b"<html>not found</html>",
    "truncated": None,
}


@pytest.mark.parametrize("kind", sorted(UNREADABLE))
def test_an_unreadable_photograph_within_the_limit_is_listed_and_left_out(fake: FinishedRun, kind: str) -> None:
    path = release(fake) / "JPEGImages" / "fox" / "fox_10003.png"
    spoil(path, UNREADABLE[kind] if UNREADABLE[kind] is not None else path.read_bytes()[:300])
    result = run_images(fake, "--set", "dataset.max_unreadable_share=0.04")
    assert result.exit_code == 0, result.stderr
    rows = fake.query("select * from unreadable_images")
    assert [row["path"] for row in rows] == ["JPEGImages/fox/fox_10003.png"]
    assert rows[0]["reason"]
    assert fake.query("select count(*) n from images") == [{"n": 31}]


def test_too_many_unreadable_photographs_stop_the_run_and_every_next_one(fake: FinishedRun) -> None:
    for number in (10001, 10002):
        spoil(release(fake) / "JPEGImages" / "fox" / f"fox_{number}.png", b"no image")
    for _ in range(2):
        message = refusal(run_images(fake, "--set", "dataset.max_unreadable_share=0.06"), 1)
        assert "at most 6.0% unreadable images (dataset.max_unreadable_share)" in message
        assert "found: 2 of 32" in message
        assert "select * from unreadable_images" in message
    # The remedy works although the run stopped.
    assert len(fake.query("select * from unreadable_images")) == 2
    assert run_images(fake, "--set", "dataset.max_unreadable_share=0.07").exit_code == 0


def no_folder(root: Path) -> None:
    root.rename(root.with_name("elsewhere"))


def no_class_folder(root: Path) -> None:
    (root / "JPEGImages" / "fox").rename(root / "JPEGImages" / "wolf")


def one_image(root: Path) -> None:
    for path in sorted((root / "JPEGImages" / "robin").iterdir())[1:]:
        path.unlink()


def wide_matrix(root: Path) -> None:
    path = root / "predicate-matrix-binary.txt"
    path.write_text("".join(f"{line} 1\n" for line in path.read_text().splitlines()))


def short_matrix(root: Path) -> None:
    path = root / "predicate-matrix-binary.txt"
    path.write_text("".join(f"{line}\n" for line in path.read_text().splitlines()[1:]))


def continuous_matrix(root: Path) -> None:
    path = root / "predicate-matrix-binary.txt"
    path.write_text(path.read_text().replace("0", "0.5"))


def unknown_class(root: Path) -> None:
    (root / "testclasses.txt").write_text("mole\nrobbin\n")


def class_in_both(root: Path) -> None:
    (root / "testclasses.txt").write_text("mole\nfox\n")


def link_outside(root: Path) -> None:
    outside = root.parent / "outside.png"
    (root / "JPEGImages" / "fox" / "fox_10001.png").rename(outside)
    (root / "JPEGImages" / "fox" / "fox_10001.png").symlink_to(outside)


def same_name_twice(root: Path) -> None:
    source = root / "JPEGImages" / "fox" / "fox_10001.png"
    (root / "JPEGImages" / "crow" / "fox_10001.png").write_bytes(source.read_bytes())


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (no_folder, ("release/classes.txt", "no folder", "set dataset.root")),
        (no_class_folder, ("JPEGImages/fox", "no such folder")),
        (one_image, ("JPEGImages/robin", "found: 1 image ", "a match needs two images of one class")),
        (wide_matrix, ("predicate-matrix-binary.txt", "5 rows (classes.txt) of 4 values", "5 rows of 5 values")),
        (short_matrix, ("predicate-matrix-binary.txt", "4 rows of 4 values")),
        (continuous_matrix, ("predicate-matrix-binary.txt", "0.5", "not the continuous matrix")),
        (unknown_class, ("testclasses.txt", "robbin")),
        (class_in_both, ("trainclasses.txt", "fox in both lists")),
        (link_outside, ("fox_10001.png", "inside the dataset's folder")),
        (same_name_twice, ("JPEGImages/crow/fox_10001.png", "rename or remove one")),
    ],
)
@pytest.mark.parametrize("command", ["run", "status"])
def test_a_damaged_release_is_refused_with_the_file_at_fault(
    fake: FinishedRun, damage: Callable[[Path], None], words: tuple[str, ...], command: str
) -> None:
    damage(release(fake))
    message = refusal(invoke(command, fake.config), 1)
    for word in words:
        assert word in message


def test_no_match_in_a_split_is_refused(tmp_path: Path, finished_run: FinishedRun) -> None:
    result = invoke(
        "run", finished_run.config, "--until", "pairs.test", "--set", f"store.root={tmp_path}",
        "--set", "dataset.test_items=2", "--set", "pairs.match_threshold=1.0",
    )  # fmt: skip
    message = refusal(result, 1)
    assert "the test split" in message
    assert "lower pairs.match_threshold" in message
