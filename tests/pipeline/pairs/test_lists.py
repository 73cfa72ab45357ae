"""Released lists of pairs: read, reduced to what can be used, refused with the line at fault."""

from pathlib import Path

import pytest

from pipeline.errors import BadDataset
from pipeline.pairs.lists import ListedPair, check_missing, read_pair_list, select_listed
from pipeline.pairs.sampling import choice_hash

LINES = """b a 1
a c 1
a b 0

b c 1
b a 1
a a 1
a gone 0
lost gone 1
d b 0
"""
IDS = ["a", "b", "c", "d"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.txt"
    path.write_text(LINES)
    return path


def test_what_can_be_used_is_kept_and_the_rest_counted(path: Path) -> None:
    listed = read_pair_list(path)
    found = select_listed(listed, IDS, None, 0)
    assert found.matches == (ListedPair("a", "c", True), ListedPair("b", "a", True), ListedPair("b", "c", True))
    assert found.others == (ListedPair("a", "b", False), ListedPair("d", "b", False))
    assert dict(found.missing) == {"gone": 2, "lost": 1}
    assert (found.lines_missing, found.repeated, found.of_itself) == (2, 1, 1)
    used = len(found.matches) + len(found.others)
    assert used + found.lines_missing + found.repeated + found.of_itself == len(listed) == 9


def test_a_limit_takes_whole_queries_by_seed_and_no_label_0(path: Path) -> None:
    listed = read_pair_list(path)
    for seed in range(8):
        found = select_listed(listed, IDS, 2, seed)
        first = min("ab", key=lambda query: choice_hash(seed, query))
        chosen = [pair.query for pair in found.matches]
        assert chosen == (["b", "b"] if first == "b" else ["a", "b"])
        assert len(found.others) == 2
    assert {min("ab", key=lambda query: choice_hash(seed, query)) for seed in range(8)} == {"a", "b"}


def test_missing_images_are_named_and_counted_beyond_the_limit(path: Path) -> None:
    listed = read_pair_list(path)
    check_missing(path, listed, IDS, 2 / 9)
    with pytest.raises(BadDataset) as error:
        check_missing(path, listed, IDS, 0.2)
    assert error.value.found == "2 of 9 lines name 2 such images, most often (lines): gone (2), lost (1)"
    assert error.value.where == str(path)


@pytest.mark.parametrize(
    ("content", "where", "found"),
    [
        ("a b\n", "line 1", "'a b'"),
        ("a b 1\na b c 1\n", "line 2", "'a b c 1'"),
        ("a b 2\n", "line 1", "'a b 2'"),
        ("a b yes\n", "line 1", "yes"),
        ("a,b,1\n", "line 1", "'a,b,1'"),
        ("a b 1\nb a 1\na b 0\n", "line 3", "a b with label 0 and label 1"),
        ("\n", "line 1", "an empty file"),
    ],
)
def test_malformed_lists_are_refused_with_the_line(tmp_path: Path, content: str, where: str, found: str) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text(content)
    with pytest.raises(BadDataset) as error:
        read_pair_list(path)
    assert f"{path}, {where}" in error.value.where
    assert found in error.value.found


def test_files_that_are_no_lists_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match=r"correct pairs\.file"):
        read_pair_list(tmp_path / "pairs.txt")
    (tmp_path / "pairs.txt").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(BadDataset, match="UTF-8"):
        read_pair_list(tmp_path / "pairs.txt")
