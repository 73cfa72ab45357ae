"""A user's own images and table: the index, and messages that name row and column."""

import os
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.datasets.folder import build_folder_index
from pipeline.datasets.records import DatasetIndex
from pipeline.datasets.table_rows import read_csv_table
from pipeline.errors import BadDataset

TABLE = """image_id,path,split,label,attributes,price
t1,train/shirt 1+.jpg,train,shirt,red; striped;red,3
t2,train/größe.PNG,train,shirt,,4
t3,train/3.jpg,train,shoe,"blue",
t4,train/4.jpg,train,shoe,red,
v1,valid/1.jpg,valid,shirt,blue,
v2,valid/2.jpg,valid,shirt,blue,
v3,valid/3.jpg,valid,hat,,

"e,1",1.jpg,test,shoe,striped,
e2,2.jpg,test,shoe,red,
"""


def write_dataset(folder: Path, table: str = TABLE) -> Path:
    root = folder / "pictures"
    for name in ("train/shirt 1+.jpg", "train/größe.PNG", "train/3.jpg", "train/4.jpg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / "valid").mkdir()
    for name in ("valid/1.jpg", "valid/2.jpg", "valid/3.jpg", "1.jpg", "2.jpg"):
        (root / name).touch()
    (folder / "items.csv").write_text(table, encoding="utf-8")
    return root


def build(folder: Path) -> DatasetIndex:
    return build_folder_index(folder / "pictures", read_csv_table(folder / "items.csv"))


def test_the_index_of_a_table(tmp_path: Path) -> None:
    root = write_dataset(tmp_path)
    index = build(tmp_path)
    assert (index.name, index.root) == ("folder", str(root))
    assert index.attribute_names == ("blue", "red", "striped")
    assert index.attribute_groups == (-1, -1, -1)
    assert [record.image_id for record in index.records] == ["e,1", "e2", "t1", "t2", "t3", "t4", "v1", "v2", "v3"]
    found = {record.image_id: record for record in index.records}
    assert found["t1"].path == "train/shirt 1+.jpg"
    assert (found["t1"].split, found["t1"].label, found["t1"].attributes) == ("train", "shirt", ("red", "striped"))
    assert found["t2"].attributes == ()
    assert found["t2"].path == "train/größe.PNG"


def test_a_column_for_each_attribute(tmp_path: Path) -> None:
    lines = TABLE.replace("attributes,price", "attribute:red,attribute:blue").splitlines()
    flags = iter(["1,0", "0,0", "0,1", "1,1", "0,1", "0,1", "0,0", "1,0", "1,0"])
    rows = [re.sub(r",[^,]*,[^,]*$", "", line) + "," + next(flags) for line in lines[1:] if line]
    write_dataset(tmp_path, "\n".join([lines[0], *rows]))
    index = build(tmp_path)
    assert index.attribute_names == ("red", "blue")
    assert {record.image_id: record.attributes for record in index.records}["t4"] == ("red", "blue")
    assert {record.image_id: record.attributes for record in index.records}["t2"] == ()


def test_without_a_path_the_id_names_the_file(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    lines = ["image_id,split,label,attributes"]
    ids = [("train/shirt 1+", "train"), ("train/größe.PNG", "train"), ("valid/1", "valid"), ("valid/2", "valid")]
    ids += [("1", "test"), ("2.jpg", "test")]
    lines += [f"{image_id},{split},shirt,{'red' if number % 2 else ''}" for number, (image_id, split) in enumerate(ids)]
    (tmp_path / "items.csv").write_text("\n".join(lines))
    paths = {record.image_id: record.path for record in build(tmp_path).records}
    assert paths["train/shirt 1+"] == "train/shirt 1+.jpg"
    assert paths["train/größe.PNG"] == "train/größe.PNG"
    assert (paths["1"], paths["2.jpg"]) == ("1.jpg", "2.jpg")


def replaced(old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        assert old in TABLE
        (folder / "items.csv").write_text(TABLE.replace(old, new, 1), encoding="utf-8")

    return change


def with_bytes(content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / "items.csv").write_bytes(content) and None


def without_image(folder: Path) -> None:
    (folder / "pictures" / "train" / "3.jpg").unlink()


def folder_as_image(folder: Path) -> None:
    without_image(folder)
    (folder / "pictures" / "train" / "3.jpg").mkdir()


def link_outside(folder: Path) -> None:
    without_image(folder)
    (folder / "elsewhere.jpg").touch()
    (folder / "pictures" / "train" / "3.jpg").symlink_to(folder / "elsewhere.jpg")


def folder_outside(folder: Path) -> None:
    (folder / "pictures" / "train").rename(folder / "elsewhere")
    (folder / "pictures" / "train").symlink_to(folder / "elsewhere")


def one_file_by_a_link(folder: Path) -> None:
    without_image(folder)
    (folder / "pictures" / "train" / "3.jpg").symlink_to("shirt 1+.jpg")


def one_folder_by_a_link(folder: Path) -> None:
    (folder / "pictures" / "again").symlink_to("train")
    replaced("train/3.jpg", "again/shirt 1+.jpg")(folder)


def no_folder(folder: Path) -> None:
    (folder / "pictures").rename(folder / "photos")


def no_table(folder: Path) -> None:
    (folder / "items.csv").unlink()


def two_files_of_one_id(folder: Path) -> None:
    (folder / "pictures" / "1.png").touch()
    replaced('"e,1",1.jpg', "1,")(folder)


THIRD = r"row 3 \(line 4\)"
MISTAKES: dict[str, tuple[Callable[[Path], None], str, str, str]] = {
    "no table": (no_table, "items.csv", "", "no such file"),
    "empty table": (with_bytes(b""), "header", "distinct names", "no column names"),
    "header alone": (with_bytes(TABLE.splitlines()[0].encode()), "items.csv", "a row for each", "a header alone"),
    "not UTF-8": (with_bytes(TABLE.encode("latin-1")), "line 3, after 't2,train/gr'", "UTF-8", "0xf6"),
    "semicolons": (with_bytes(TABLE.replace(",", ";").encode()), "header", "separated by commas", "image_id;path"),
    "column misspelt": (replaced("label", "lable"), "header", "columns image_id, split, label", "label missing"),
    "no attributes": (replaced("attributes", "tags"), "header", "either attributes or", "no attributes in"),
    "both forms": (replaced("price", "attribute:a"), "header", "either", r"attributes and attribute:\.\.\. among"),
    "column twice": (replaced("price", "label"), "header", "distinct", "'label' twice"),
    "column without name": (replaced("price", ""), "header", "distinct", "column 6 has no name"),
    "field too many": (replaced('"blue",', "blue,,"), THIRD, "equally many", "7 fields .* 6 columns"),
    "field too few": (replaced('"blue",', "blue"), THIRD, "equally many", "5 fields .* 6 columns"),
    "quote not closed": (replaced('"blue",', '"blue,'), "line", "CSV", "expected after"),
    "quote never closed": (replaced("striped,\ne2", 'striped,\n"e2'), "line", "CSV", "unexpected end of data"),
    "zero byte": (replaced("v1,", "v\0,"), "row 5|line", "", r"\\x00|NUL"),
    "no id": (replaced("t3,", ","), f"{THIRD}, column 'image_id'", "not empty", "''"),
    "id twice": (replaced("t3,", "t1,"), f"{THIRD}, column 'image_id'", r"row 1 \(line 2\) has the same", "'t1'"),
    "path twice": (replaced("train/3", "train/4"), r"row 4 \(line 5\), column 'path'", "row 3", "train/4.jpg"),
    "unknown split": (replaced("3.jpg,train", "3.jpg,val"), f"{THIRD}, column 'split'", "train, valid or", "'val'"),
    "line break": (replaced("train,shoe,", 'train,"sh\noe",'), r"row 3 .*'label'", "line breaks", "oe"),
    "unnamed column": (replaced("split", ""), "header", "distinct", "column 3 has no name"),
    "control character": (replaced("train,shoe", "train,sh\x07oe"), f"{THIRD}, column 'label'", "control", "x07"),
    "dots alone": (replaced("train/3.jpg", "."), f"{THIRD}, column 'path'", "inside", r"'\.'"),
    "no label": (replaced("train,shoe", "train,"), f"{THIRD}, column 'label'", "not empty", "''"),
    "no image": (without_image, f"{THIRD}, column 'path'", "a file that is there", "train/3.jpg"),
    "folder as image": (folder_as_image, f"{THIRD}, column 'path'", "a file that is there", "train/3.jpg"),
    "path that climbs": (replaced("train/3", "../elsewhere/3"), f"{THIRD}, column 'path'", "inside", r"\.\./elsewhere"),
    "absolute path": (replaced("train/3", "/etc/3"), f"{THIRD}, column 'path'", "inside", "/etc"),
    "backslashes": (replaced("train/3", "train\\3"), f"{THIRD}, column 'path'", "forward slashes", "train"),
    "link outside": (link_outside, f"{THIRD}, column 'path'", "links followed", "train/3.jpg"),
    "folder outside": (folder_outside, "column 'path'", "links followed", "train/shirt"),
    "one file by a link": (one_file_by_a_link, f"{THIRD}, column 'path'", r"row 1 .*1\+\.jpg, through a", "3.jpg"),
    "one folder by a link": (one_folder_by_a_link, f"{THIRD}, column 'path'", "row 1 .* through a link", "again/shirt"),
    "no folder": (no_folder, "pictures", "the folder with the images", "no such folder"),
    "two files": (two_files_of_one_id, "row 8", r"1\.jpg and 1\.png", "'1'"),
    "one training image": (replaced("train,shoe", "train,boot"), f"{THIRD}, column 'label'", "of one label", "'boot'"),
    "no match to test": (replaced("test,shoe", "test,boot"), "items.csv", "'test'", "2 labels, none with two"),
    "no attribute": (
        with_bytes(re.sub(r"red[^,]*|blue|striped", "", TABLE).encode()), "the attributes", "at least one", r"\[\]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_refused_with_row_and_column(tmp_path: Path, mistake: str) -> None:
    change, where, expected, found = MISTAKES[mistake]
    write_dataset(tmp_path)
    build(tmp_path)
    change(tmp_path)
    with pytest.raises(BadDataset) as error:
        build(tmp_path)
    assert re.search(where, error.value.where), error.value.where
    assert re.search(expected, error.value.expected), error.value.expected
    assert re.search(found, error.value.found), error.value.found
    assert len(error.value.remedy) > 10


REMEDIES: dict[str, tuple[Callable[[Path], None], str]] = {
    "semicolons": (with_bytes(TABLE.replace(",", ";").encode()), "save the table with commas"),
    "tabs": (with_bytes(TABLE.replace(",", "\t").encode()), "save the table with commas"),
    "not UTF-8": (with_bytes(TABLE.encode("latin-1")), "save the table as UTF-8"),
    "capital": (replaced("split", "Split"), "rename the column 'Split' to 'split'"),
    "column misspelt": (replaced("label", "lable"), "rename the column 'lable' to 'label'"),
    "no such column": (replaced("label", "price_usd"), "name the columns as docs/own-dataset.md says"),
    "one training image": (replaced("train,shoe", "train,boot"), "drop the row"),
    "link outside": (link_outside, "dataset.follow_links_to"),
    "one file by a link": (one_file_by_a_link, "drop one of the two rows"),
}


@pytest.mark.parametrize("mistake", REMEDIES)
def test_the_remedy_fits_the_mistake(tmp_path: Path, mistake: str) -> None:
    change, remedy = REMEDIES[mistake]
    write_dataset(tmp_path)
    change(tmp_path)
    with pytest.raises(BadDataset) as error:
        build(tmp_path)
    assert remedy in error.value.remedy


def linked_into_a_cache(folder: Path) -> Path:
    """Move every picture into a cache beside the folder, as tools do that keep files by their content."""
    cache = folder / "cache" / "files"
    cache.mkdir(parents=True)
    for number, path in enumerate(sorted((folder / "pictures").rglob("*.*"))):
        path.rename(cache / f"{number:02d}")
        path.symlink_to(cache / f"{number:02d}")
    return folder / "cache"


def test_links_into_a_cache_are_followed_where_it_is_named(tmp_path: Path) -> None:
    root = write_dataset(tmp_path)
    plain = build(tmp_path)
    cache = linked_into_a_cache(tmp_path)
    with pytest.raises(BadDataset) as error:
        build(tmp_path)
    assert str(root / "train" / "shirt 1+.jpg") in error.value.found
    assert str(cache / "files") in error.value.found
    table = read_csv_table(tmp_path / "items.csv")
    with pytest.raises(BadDataset):
        build_folder_index(root, table, [tmp_path / "other"])
    assert build_folder_index(root, table, [cache]) == plain
    # Two equal pictures are one file of such a cache.
    (root / "train" / "4.jpg").unlink()
    (root / "train" / "4.jpg").symlink_to((root / "train" / "3.jpg").resolve())
    assert build_folder_index(root, table, [cache]) == plain


def test_a_path_that_climbs_into_a_followed_folder_is_refused(tmp_path: Path) -> None:
    root = write_dataset(tmp_path, TABLE.replace("train/3.jpg", "../cache/3.jpg"))
    cache = linked_into_a_cache(tmp_path)
    (cache / "3.jpg").touch()
    with pytest.raises(BadDataset, match=r"\.\./cache/3\.jpg"):
        build_folder_index(root, read_csv_table(tmp_path / "items.csv"), [cache])


def test_an_id_that_lies_in_a_folder_is_told_that_folders_are_not_searched(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    (tmp_path / "items.csv").write_text("image_id,split,label,attributes\n3,train,shoe,red\n")
    with pytest.raises(BadDataset) as error:
        build(tmp_path)
    assert "folders in it are not searched" in error.value.expected


def looping(link: Path) -> None:
    link.symlink_to(link.name)


def dangling(link: Path) -> None:
    link.symlink_to("gone.jpg")


@pytest.mark.parametrize("spoil", [looping, dangling])
@pytest.mark.parametrize("name", ["0.jpg", "zzz.jpg"])
def test_a_link_that_leads_nowhere_hides_no_other_image(
    tmp_path: Path, spoil: Callable[[Path], None], name: str
) -> None:
    write_dataset(tmp_path)
    whole = build(tmp_path)
    for folder in (".", "train", "valid"):
        spoil(tmp_path / "pictures" / folder / name)
    assert build(tmp_path) == whole


@pytest.mark.parametrize(("spoil", "reason"), [(looping, "symbolic links"), (dangling, "leads nowhere")])
@pytest.mark.parametrize("column", ["path", "image_id"])
def test_a_row_that_names_such_a_link_is_refused_with_the_link(
    tmp_path: Path, spoil: Callable[[Path], None], reason: str, column: str
) -> None:
    write_dataset(tmp_path)
    link = tmp_path / "pictures" / "bad.jpg"
    spoil(link)
    named = '"e,1",1.jpg,test' if column == "path" else "e2,2.jpg,test"
    replaced(named, '"e,1",bad.jpg,test' if column == "path" else "bad,,test")(tmp_path)
    with pytest.raises(BadDataset) as error:
        build(tmp_path)
    assert f"{link} is not" in error.value.expected
    assert reason in error.value.expected
    assert f"column {column!r}" in error.value.where


def test_a_folder_that_may_not_be_listed_is_not_taken_for_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_dataset(tmp_path)
    whole = os.scandir

    def refuse(path: Path) -> object:
        if Path(path) == root / "train":
            raise PermissionError(13, "Permission denied")
        return whole(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(BadDataset, match="train is not: Permission denied"):
        build(tmp_path)


NAMES = {
    "ideographic space": "T\u30b7\u30e3\u30c4\u3000\u9577\u8896",
    "no-break space": "sac \u00e0\u00a0main",
    "zero width non-joiner": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "joined emoji": "\U0001f469\u200d\U0001f469\u200d\U0001f467",
}


@pytest.mark.parametrize("label", NAMES.values(), ids=NAMES)
def test_labels_are_written_as_languages_write_them(tmp_path: Path, label: str) -> None:
    write_dataset(tmp_path, TABLE.replace(",shirt,", f",{label},"))
    assert {record.label for record in build(tmp_path).records if record.image_id.startswith("t")} == {label, "shoe"}


def test_a_step_to_the_folder_itself_is_inside(tmp_path: Path) -> None:
    write_dataset(tmp_path, TABLE.replace("train/3.jpg", "./train/./3.jpg").replace(",2.jpg", ",./2.jpg"))
    paths = {record.image_id: record.path for record in build(tmp_path).records}
    assert (paths["t3"], paths["e2"]) == ("train/3.jpg", "2.jpg")


@pytest.mark.parametrize(("name", "shown"), [("", "first column"), ("Unnamed: 0", "'Unnamed: 0'")])
def test_the_index_of_a_data_frame_is_left_out_and_named(tmp_path: Path, name: str, shown: str) -> None:
    header, *rows = TABLE.splitlines()
    rows = [f"{number},{row}" for number, row in enumerate(rows) if row]
    write_dataset(tmp_path, "\n".join([f"{name},{header}", *rows]))
    index = build(tmp_path)
    assert len(index.records) == 9
    (notice,) = index.notices
    assert shown in notice
    assert "left out" in notice
    (tmp_path / "items.csv").write_text(TABLE)
    assert build(tmp_path).notices == ()


def decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def test_a_name_is_one_however_its_accents_were_typed(tmp_path: Path) -> None:
    text = TABLE.replace("train,shirt", "train,tête").replace("blue", "rayé")
    plain_folder, mixed_folder = tmp_path / "plain", tmp_path / "mixed"
    plain_folder.mkdir()
    mixed_folder.mkdir()
    write_dataset(plain_folder, text)
    mixed = text.replace("train,tête", f"train,{decomposed('tête')}", 1).replace("rayé", decomposed("rayé"), 2)
    write_dataset(mixed_folder, mixed)
    plain, other = build(plain_folder), build(mixed_folder)
    assert other.records == plain.records
    assert other.attribute_names == plain.attribute_names == ("rayé", "red", "striped")
    assert {record.label for record in plain.records} == {"tête", "shoe", "shirt", "hat"}
    (mixed_folder / "items.csv").write_text(text.replace("tête", "TÊTE", 1))
    with pytest.raises(BadDataset, match="at least two training images"):
        build(mixed_folder)


def test_a_file_is_found_in_the_form_in_which_it_was_unpacked(tmp_path: Path) -> None:
    root = write_dataset(tmp_path)
    stored = root / "train" / decomposed("größe.PNG")
    (root / "train" / "größe.PNG").rename(stored)
    paths = {record.image_id: record.path for record in build(tmp_path).records}
    assert paths["t2"] == f"train/{stored.name}"
    (root / "train").rename(root / decomposed("früh"))
    text = re.sub(r"(?m)^(t\d),train/", r"\1,früh/", TABLE)
    (tmp_path / "items.csv").write_text(text)
    paths = {record.image_id: record.path for record in build(tmp_path).records}
    assert paths["t2"] == f"{decomposed('früh')}/{stored.name}"
    (tmp_path / "items.csv").write_text(text.replace("t2,früh/größe.PNG", "früh/größe,"))
    paths = {record.image_id: record.path for record in build(tmp_path).records}
    assert paths["früh/größe"] == f"{decomposed('früh')}/{stored.name}"
    (root / decomposed("früh") / stored.name).unlink()
    with pytest.raises(BadDataset):
        build(tmp_path)


def test_names_that_differ_in_case_or_blanks_alone_are_named(tmp_path: Path) -> None:
    write_dataset(tmp_path, TABLE.replace("test,shoe,striped", "test,shoe,Striped; dark  red; dark red"))
    (notice,) = build(tmp_path).notices
    assert "attributes differ in case" in notice
    assert "'Striped' and 'striped'" in notice
    assert "'dark  red' and 'dark red'" in notice
    (tmp_path / "items.csv").write_text(TABLE.replace("valid,hat", "valid,Shirt"))
    (notice,) = build(tmp_path).notices
    assert "labels differ in case or white space alone" in notice
    assert "'Shirt' and 'shirt'" in notice
