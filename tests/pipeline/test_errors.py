"""Errors are readable blocks of four lines and survive the way between processes."""

import pickle

import pytest

from pipeline.errors import BadDataset, BadImage, BadModel, BadSetting, PipelineError

KINDS = [PipelineError, BadDataset, BadImage, BadModel, BadSetting]


@pytest.mark.parametrize("kind", KINDS)
def test_the_message_has_four_lines(kind: type[PipelineError]) -> None:
    error = kind(expected="a lion", found="a tiger", where="cage 3", remedy="swap them")
    assert [line.split(":", 1) for line in str(error).splitlines()] == [
        ["expected", " a lion"],
        ["   found", " a tiger"],
        ["   where", " cage 3"],
        ["  remedy", " swap them"],
    ]
    assert isinstance(error, PipelineError)


@pytest.mark.parametrize("kind", KINDS)
def test_errors_survive_pickling(kind: type[PipelineError]) -> None:
    error = kind(expected="a", found="b: c", where="d\ne", remedy="ü")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(copy) is kind
    assert (copy.expected, copy.found, copy.where, copy.remedy) == ("a", "b: c", "d\ne", "ü")
    assert str(copy) == str(error)


def test_all_four_parts_are_required() -> None:
    with pytest.raises(TypeError):
        BadImage(expected="a", found="b", where="c")  # type: ignore[call-arg]
