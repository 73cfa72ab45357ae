"""Dataset folders: lines, listings, and paths that stay inside."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.datasets.folder_files import contained_path, contained_paths, list_class_images, read_lines
from pipeline.errors import BadDataset


def class_folder(root: Path, class_name: str, names: list[str]) -> Path:
    folder = root / "JPEGImages" / class_name
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
    return folder


def test_lines_come_without_blank_ones(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes("\ufefflöwe\r\n\r\n  \n tiger \ngrizzly+bear".encode())
    assert read_lines(path) == ["löwe", " tiger ", "grizzly+bear"]


def test_a_missing_file_is_named_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="(?s)no such file.*dataset.root") as error:
        read_lines(tmp_path / "classes.txt")
    assert error.value.where == str(tmp_path / "classes.txt")


def test_a_missing_folder_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="no folder .*nowhere"):
        read_lines(tmp_path / "nowhere" / "classes.txt")


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "classes.txt"
    path.write_bytes("1\tlöwe".encode("latin-1"))
    with pytest.raises(BadDataset, match="UnicodeDecodeError"):
        read_lines(path)


def test_a_folder_in_a_files_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="IsADirectoryError"):
        read_lines(tmp_path)


def test_images_are_listed_in_name_order(tmp_path: Path) -> None:
    names = ["b 2.JPG", "a+1.png", "ü.jpeg", "c.webp", "notes.txt", "d.bmp", "e.jpg.part"]
    folder = class_folder(tmp_path, "grizzly+bear", names)
    (folder / "sub.jpg").mkdir()
    assert list_class_images(tmp_path, "grizzly+bear") == [
        f"JPEGImages/grizzly+bear/{name}" for name in ["a+1.png", "b 2.JPG", "c.webp", "d.bmp", "ü.jpeg"]
    ]


def test_an_empty_class_has_no_images(tmp_path: Path) -> None:
    class_folder(tmp_path, "lion", [])
    assert list_class_images(tmp_path, "lion") == []


def test_a_class_without_a_folder_is_refused(tmp_path: Path) -> None:
    class_folder(tmp_path, "lion", [])
    with pytest.raises(BadDataset, match="(?s)class 'tiger'.*remove the class from its split list") as error:
        list_class_images(tmp_path, "tiger")
    assert error.value.where.endswith("JPEGImages/tiger")


@pytest.mark.parametrize("name", ["../../secret", "lion/../../../secret", "..", "."])
def test_a_class_name_cannot_lead_out_of_the_dataset(tmp_path: Path, name: str) -> None:
    root = tmp_path / "data"
    class_folder(root, "lion", ["a.jpg"])
    class_folder(tmp_path / "secret", "x", ["b.jpg"])
    (tmp_path / "secret" / "c.jpg").touch()
    try:
        assert list_class_images(root, name) == []
    except BadDataset:
        return


def test_a_class_folder_that_links_outside_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "data"
    class_folder(root, "lion", ["a.jpg"])
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "JPEGImages" / "tiger").symlink_to(outside)
    with pytest.raises(BadDataset, match="(?s)'JPEGImages/tiger'.*copy the image there"):
        list_class_images(root, "tiger")


def test_an_image_that_links_outside_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "data"
    folder = class_folder(root, "lion", ["a.jpg"])
    (tmp_path / "secret.jpg").touch()
    (folder / "b.jpg").symlink_to(tmp_path / "secret.jpg")
    with pytest.raises(BadDataset, match="'JPEGImages/lion/b.jpg'"):
        list_class_images(root, "lion")


def test_links_within_the_dataset_are_followed(tmp_path: Path) -> None:
    folder = class_folder(tmp_path, "lion", ["a.jpg"])
    (folder / "b.jpg").symlink_to(folder / "a.jpg")
    assert len(list_class_images(tmp_path, "lion")) == 2


def test_a_root_that_is_itself_a_link_is_fine(tmp_path: Path) -> None:
    class_folder(tmp_path / "disk", "lion", ["a.jpg"])
    (tmp_path / "data").symlink_to(tmp_path / "disk")
    assert list_class_images(tmp_path / "data", "lion") == ["JPEGImages/lion/a.jpg"]


def test_a_link_in_a_loop_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "JPEGImages"
    folder.mkdir()
    (folder / "lion").symlink_to(folder / "lion")
    with pytest.raises(BadDataset):
        list_class_images(tmp_path, "lion")


@pytest.mark.parametrize("relative", ["/etc/passwd", "../a.jpg", "a/../../b.jpg", "x/../.."])
def test_paths_that_leave_are_refused(tmp_path: Path, relative: str) -> None:
    with pytest.raises(BadDataset, match="a path inside the dataset's folder") as error:
        contained_path(tmp_path, relative)
    assert error.value.found == repr(relative)


def test_a_name_with_a_zero_byte_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadDataset):
        contained_path(tmp_path, "JPEGImages/li\0on")


@given(parts=st.lists(st.sampled_from(["..", ".", "a", "b c", "ü", "x+y"]), min_size=1, max_size=6))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_let_through_lies_inside(tmp_path: Path, parts: list[str]) -> None:
    try:
        path = contained_path(tmp_path, "/".join(parts))
    except BadDataset:
        depth = 0
        lowest = 0
        for part in parts:
            depth += {"..": -1, ".": 0}.get(part, 1)
            lowest = min(lowest, depth)
        assert lowest < 0
        return
    assert path.resolve().is_relative_to(tmp_path.resolve())


@pytest.mark.parametrize("target", ["loop.jpg", "gone.jpg"])
def test_links_that_lead_nowhere_are_refused_by_name(tmp_path: Path, target: str) -> None:
    folder = class_folder(tmp_path, "fox", ["a.jpg", "b.jpg"])
    (folder / "notes.txt").symlink_to("notes.txt")
    assert len(list_class_images(tmp_path, "fox")) == 2
    (folder / "loop.jpg").symlink_to(target)
    with pytest.raises(BadDataset, match="in a circle: loop.jpg") as error:
        list_class_images(tmp_path, "fox")
    assert error.value.where == str(folder)


def test_a_link_that_leads_out_is_named_with_its_target(tmp_path: Path) -> None:
    root, cache = tmp_path / "data", tmp_path / "cache"
    folder = class_folder(root, "lion", ["a.jpg"])
    cache.mkdir()
    (cache / "object").touch()
    (folder / "b.jpg").symlink_to(cache / "object")
    with pytest.raises(BadDataset) as error:
        list_class_images(root, "lion")
    assert error.value.found == f"'JPEGImages/lion/b.jpg': the link {folder / 'b.jpg'} leads to {cache / 'object'}"
    assert "dataset.follow_links_to" in error.value.remedy
    assert len(list_class_images(root, "lion", [cache])) == 2
    relatives = ["JPEGImages/lion/a.jpg", "JPEGImages/lion/b.jpg"]
    assert contained_paths(root, relatives, [cache]) == [f"{root}/{relative}" for relative in relatives]
    for path in ("../cache/object", str(cache / "object")):
        with pytest.raises(BadDataset):
            contained_path(root, path, [cache])
