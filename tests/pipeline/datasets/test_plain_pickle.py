"""Pickles of lists, tuples and strings are read; whatever could run code is refused and does not run."""

import os
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest

from pipeline.datasets.plain_pickle import LARGEST_BYTES, read_plain_pickle
from pipeline.errors import BadDataset

PAIRS = [("bags", "shoes"), ("bags", "bags"), ("tops", "größe"), ["a" * 300, "shoes"], ()]


class Malicious:
    """Makes a folder as it is loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_content_is_read_in_every_protocol(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "pairs.p"
    path.write_bytes(pickle.dumps(PAIRS, protocol))
    assert read_plain_pickle(path) == PAIRS


def test_text_of_old_pythons_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pairs.p"
    path.write_bytes(b"(lp0\n(S'bags'\np1\nS'shoes'\np2\ntp3\na.")
    assert read_plain_pickle(path) == [("bags", "shoes")]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_calls_is_refused_and_does_not_run(tmp_path: Path, protocol: int) -> None:
    path, folder = tmp_path / "pairs.p", tmp_path / "made_by_the_pickle"
    path.write_bytes(pickle.dumps([("bags", "shoes"), Malicious(folder)], protocol))
    with pytest.raises(BadDataset, match="nothing was run"):
        read_plain_pickle(path)
    assert not folder.exists()
    # The file does what the test fears: loaded without care it makes the folder.
    pickle.loads(path.read_bytes())  # noqa: S301
    assert folder.is_dir()


@pytest.mark.parametrize(
    "content",
    [{"bags": "shoes"}, [1], [b"bags"], [None], [{"bags"}], [1.5], [os.mkdir], [True]],
    ids=repr,
)
def test_any_other_content_is_refused(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "pairs.p"
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(BadDataset, match="lists, tuples and strings alone"):
        read_plain_pickle(path)


BROKEN = {
    "empty": b"",
    "text": b"bags,shoes\n",
    "cut": pickle.dumps(PAIRS)[:-4],
    "nothing on the stack": b"\x80\x04.",
    "extension": b"\x80\x02\x82\x01.",
    "object kept elsewhere": b"Pelsewhere\n.",
    "an entry number that would fill the memory": b"]r" + struct.pack("<I", 2**31) + b".",
    "a text longer than the file": b"\x80\x04\x8d" + struct.pack("<Q", 2**60) + b"a.",
    "too large": pickle.dumps(["a" * LARGEST_BYTES]),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_files_are_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "pairs.p"
    path.write_bytes(BROKEN[kind])
    with pytest.raises(BadDataset) as error:
        read_plain_pickle(path)
    assert error.value.where == str(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="No such file"):
        read_plain_pickle(tmp_path / "pairs.p")
