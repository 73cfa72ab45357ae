"""A user's own images as stages: the table's place, its two formats, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.flows.fake_folder import write_fake_folder
from tests.flows.run_cases import FinishedRun, invoke, refusal


@pytest.fixture
def own(tmp_path: Path) -> FinishedRun:
    """A data set of 48 pictures; nothing is run yet."""
    return FinishedRun(write_fake_folder(tmp_path))


def test_pairs_are_of_one_label_and_split(own: FinishedRun) -> None:
    own.run(until="vocabulary")
    own.run(until="pairs.test")
    rows = own.query("select split, count(*) n, count(distinct label) labels from images group by 1 order by 1")
    assert [tuple(row.values()) for row in rows] == [("test", 12, 3), ("train", 24, 3), ("valid", 12, 3)]
    mixed = (
        "select count(*) n from pairs p join images q on p.query = q.image_id join images r on "
        "p.reference = r.image_id where q.label <> r.label or q.split <> p.split or r.split <> p.split"
    )
    assert own.query(mixed) == [{"n": 0}]
    assert own.query("select count(*) n from pairs") == [{"n": 24}]
    assert own.query("select attribute from attribute_vocabulary order by position") == [
        {"attribute": "blue"}, {"attribute": "bright"}, {"attribute": "red"},
    ]  # fmt: skip
    assert own.query("select distinct attributes from images where label = 'grey'") == [{"attributes": []}]


def test_the_format_and_place_of_the_table_are_in_no_key(own: FinishedRun) -> None:
    own.run(until="pairs.test")
    own.run(until="vocabulary")
    folder = own.config.parent
    table = pyarrow.csv.read_csv(folder / "items.csv")
    (folder / "elsewhere").mkdir()
    pq.write_table(table, folder / "elsewhere" / "table.parquet")
    assert own.computed("dataset.table=elsewhere/table.parquet", until="pairs.test") == {}
    assert own.computed("dataset.table=elsewhere/table.parquet", until="vocabulary") == {}


def test_a_changed_row_redoes_its_shard_alone(own: FinishedRun) -> None:
    own.run(until="images")
    before = own.manifest("images")
    path = own.config.parent / "items.csv"
    path.write_text(path.read_text().replace("grey test+0.png,test,grey,", "grey test+0.png,test,grey,bright"))
    assert own.computed(until="images") == {"images": 1}
    assert len(set(own.manifest("images").shard_keys) - set(before.shard_keys)) == 1


def edit(old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "items.csv"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (edit("red train+1,train/", "red train+1,../"), ("row 2 (line 3), column 'path'", "red train+1.png")),
        (edit("train/red train+1.png,train", "train/red train+1.png,Train"), ("column 'split'", "found: 'Train'")),
        (edit("split", "set"), ("the header", "split missing", "docs/own-dataset.md")),
        (lambda folder: (folder / "items.csv").unlink(), ("items.csv", "correct dataset.table")),
        (lambda folder: (folder / "pictures" / "test" / "red test+0.png").unlink(), ("row 13", "a file that is there")),
    ],
)
@pytest.mark.parametrize("command", ["run", "status"])
def test_a_wrong_table_is_refused_with_row_and_column(
    own: FinishedRun, damage: Callable[[Path], None], words: tuple[str, ...], command: str
) -> None:
    damage(own.config.parent)
    message = refusal(invoke(command, own.config), 1)
    for word in words:
        assert word in message


def test_attributes_between_commas_are_warned_of(own: FinishedRun) -> None:
    path = own.config.parent / "items.csv"
    assert "separated by semicolons" not in invoke("run", own.config, "--until", "vocabulary").output
    rows = path.read_text().splitlines()
    path.write_text("\n".join([rows[0], *(f'{row.rpartition(",")[0]},"bright, {row[0]}"' for row in rows[1:])]))
    output = " ".join(invoke("run", own.config, "--until", "vocabulary").output.split())
    assert "hold commas, such as" in output
    assert "separated by semicolons" in output


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\x89PNG\r\n\x1a\n cut"])
def test_an_unreadable_picture_is_listed_within_the_limit(own: FinishedRun, content: bytes) -> None:
    (own.config.parent / "pictures" / "test" / "red test+0.png").write_bytes(content)
    message = refusal(invoke("run", own.config, "--until", "images"), 1)
    assert "found: 1 of 48" in message
    result = invoke("run", own.config, "--until", "images", "--set", "dataset.max_unreadable_share=0.03")
    assert result.exit_code == 0
    assert "1 of 48 cannot be read and are left out: table unreadable_images" in " ".join(result.output.split())
    assert own.query("select path from unreadable_images") == [{"path": "test/red test+0.png"}]


@pytest.mark.parametrize(
    ("override", "found"),
    [
        ("dataset.kind=awa2", "only there"),
        ("dataset.kind=folderr", "dataset.kind"),
        ("dataset.tabel=x", "dataset.table?"),
    ],
)
def test_settings_that_do_not_fit_are_refused(own: FinishedRun, override: str, found: str) -> None:
    assert found in refusal(invoke("run", own.config, "--set", override), 2)


def test_notices_of_the_table_are_told_before_a_run(own: FinishedRun) -> None:
    assert "index of a data frame" not in invoke("run", own.config, "--until", "vocabulary").output
    path = own.config.parent / "items.csv"
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([f",{header}", *(f"{number},{row}" for number, row in enumerate(rows))]))
    result = invoke("run", own.config, "--until", "vocabulary")
    assert result.exit_code == 0
    assert "is taken for the index of a data frame and left out" in " ".join(result.output.split())
    assert own.computed(until="vocabulary") == {}


def test_pictures_that_are_links_into_a_cache(own: FinishedRun) -> None:
    folder = own.config.parent
    assert own.computed(until="images") == {"images": 3}
    (folder / "cache").mkdir()
    for number, path in enumerate(sorted((folder / "pictures").rglob("*.png"))):
        path.rename(folder / "cache" / str(number))
        path.symlink_to(folder / "cache" / str(number))
    message = refusal(invoke("run", own.config, "--until", "images"), 1)
    assert "leads to" in message
    assert "dataset.follow_links_to" in message
    followed = 'dataset.follow_links_to=["cache"]'
    assert own.computed(followed, until="images") == {}
    assert own.computed(followed, until="images", force=("images",)) == {"images": 3}


def reduced_to_two(own: FinishedRun, split: str) -> None:
    """Leave two rows of the label red in a split, for validation no other label; of the two, one file is broken."""
    path = own.config.parent / "items.csv"
    header, *rows = path.read_text().splitlines()
    red = [line for line in rows if f",{split},red," in line]
    dropped = red[2:] + [line for line in rows if split == "valid" and ",valid," in line and line not in red]
    path.write_text("\n".join([header, *(line for line in rows if line not in dropped)]))
    (own.config.parent / "pictures" / split / f"red {split}+1.png").write_bytes(b"no image")


def test_a_label_that_an_unreadable_file_leaves_alone_is_named_and_left_out(own: FinishedRun) -> None:
    reduced_to_two(own, "train")
    accepted = ("--set", "dataset.max_unreadable_share=0.05")
    result = invoke("run", own.config, "--until", "similarity_model", *accepted)
    assert result.exit_code == 0, result.stderr
    assert "left out of training: 'red'" in " ".join(result.output.split())
    assert own.query("select count(*) n from training_history", accepted[1]) != [{"n": 0}]


def test_a_split_that_unreadable_files_leave_without_a_match_is_refused_at_once(own: FinishedRun) -> None:
    reduced_to_two(own, "valid")
    for _ in range(2):
        result = invoke("run", own.config, "--set", "dataset.max_unreadable_share=0.05")
        message = refusal(result, 1)
        assert "two readable images of one label in the split 'valid'" in message
        assert "1 of 2 images readable" in message
    assert own.status("dataset.max_unreadable_share=0.05")["similarity_model"]["state"] != "current"


def test_equal_files_of_two_splits_are_counted(own: FinishedRun) -> None:
    result = invoke("run", own.config, "--until", "images")
    output = " ".join(result.output.split())
    # The pictures of the three splits are made alike: 12 each of validation and test are in training, too.
    assert "files of the split test that are byte for byte those of another split: 12, such as" in output
    assert "such as blue test+0 and blue train+0 (train)" in output
    for path in (own.config.parent / "pictures" / "test").iterdir():
        with path.open("ab") as file:
            file.write(path.name.encode())
    assert "of the split test that are" not in " ".join(invoke("run", own.config, "--until", "images").output.split())


def test_files_of_twelve_bits_are_named_with_the_remedy(own: FinishedRun) -> None:
    path = own.config.parent / "pictures" / "test" / "red test+0.png"
    Image.fromarray(np.linspace(0, 4095, 40 * 48).astype(np.uint16).reshape(40, 48)).save(path)
    output = " ".join(invoke("run", own.config, "--until", "images").output.split())
    assert "notes on 1 files, such as test/red test+0.png" in output
    assert "set dataset.bit_depth = 12" in output
    assert [row["path"] for row in own.query("select path from image_notes")] == ["test/red test+0.png"]
    again = invoke("run", own.config, "--until", "images", "--set", "dataset.bit_depth=12").output
    assert "notes on" not in again


def test_pictures_are_kept_whole_unless_cropping_is_asked_for_which_is_told(own: FinishedRun) -> None:
    padded = " ".join(invoke("run", own.config, "--until", "images").output.split())
    assert "by cropping" not in padded
    assert "of 48 of 48 (100 %) more than a tenth of the square is border" in padded
    before = own.query("select pixels_sha256 from images order by image_id")
    result = invoke("run", own.config, "--until", "images", "--set", "dataset.fit=crop")
    # Pictures of 48 x 40 px lose a sixth.
    assert "48 of 48 (100 %) lose more than a tenth of their area by cropping" in " ".join(result.output.split())
    cropped = own.query("select pixels_sha256 from images order by image_id", "dataset.fit=crop")
    assert all(one != other for one, other in zip(before, cropped, strict=True))
