"""Configuration files as editors of other systems save them."""

from pathlib import Path

import pytest

from flows.settings.file import load_settings
from flows.settings.toml_file import read_toml
from pipeline.errors import BadSetting

TEXT = 'seed = 3\n[dataset]\nkind = "planted"\n'


def refused(path: Path, data: bytes) -> BadSetting:
    path.write_bytes(data)
    with pytest.raises(BadSetting) as error:
        read_toml(path)
    assert error.value.where == str(path)
    return error.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_byte_order_mark_and_line_ends_of_windows_change_nothing(
    tmp_path: Path, encoding: str, line_end: str
) -> None:
    path = tmp_path / "file.toml"
    path.write_bytes(TEXT.replace("\n", line_end).encode(encoding))
    assert load_settings(path).seed == 3


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named_with_how_to_mend_it(tmp_path: Path, encoding: str) -> None:
    error = refused(tmp_path / "file.toml", TEXT.encode(encoding))
    assert "UTF-16" in error.found
    assert "save it as UTF-8" in error.remedy


def test_a_byte_of_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    error = refused(tmp_path / "file.toml", TEXT.encode() + "[store]\nroot = 'café'\n".encode("latin-1"))
    assert error.found == "the byte 0xe9 in line 5, which is not UTF-8"


def test_a_path_of_windows_in_double_quotes_is_shown_with_single_ones(tmp_path: Path) -> None:
    error = refused(tmp_path / "file.toml", TEXT.encode() + b'root = "C:\\Users\\me"\n')
    assert 'root = "C:\\Users\\me"' in error.found
    assert "'C:\\Users\\me'" in error.remedy


def test_a_mistake_without_a_backslash_gets_no_advice_on_paths(tmp_path: Path) -> None:
    assert refused(tmp_path / "file.toml", TEXT.encode() + b"root = C\n").remedy == "correct the file"


@pytest.mark.parametrize("line", ['[store]\nroot = "C:\\temp"', 'root = "C:\\news"', 'table = "C:\\tables.csv"'])
def test_a_backslash_that_became_a_tab_or_a_line_break_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "file.toml"
    path.write_text(f"{TEXT}{line}\n")
    with pytest.raises(BadSetting) as error:
        load_settings(path)
    assert "in single quotes a backslash stays one" in error.value.expected


def test_backslashes_in_single_quotes_and_uncommon_letters_are_taken_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "file.toml"
    path.write_text(f"{TEXT}root = 'C:\\temp\\new 資料　1'\n", encoding="utf-8")
    assert str(load_settings(path).dataset.root).endswith("C:\\temp\\new 資料　1")
