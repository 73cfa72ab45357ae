"""Store errors read well and survive the way between processes."""

import pickle

import pytest

from stores.errors import CorruptArtifact, MissingArtifact, ReadOnlyStore, SchemaMismatch, StoreError


@pytest.mark.parametrize("kind", [StoreError, CorruptArtifact, MissingArtifact, ReadOnlyStore, SchemaMismatch])
def test_an_error_keeps_its_kind_and_parts_through_pickling(kind: type[StoreError]) -> None:
    error = kind(expected="a file", found="nothing", where="there", remedy="make one")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(copy) is kind
    assert (copy.expected, copy.found, copy.where, copy.remedy) == ("a file", "nothing", "there", "make one")
    assert str(copy) == str(error)
    assert len(str(copy).splitlines()) == 4
