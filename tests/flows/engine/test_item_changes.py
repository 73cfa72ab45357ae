"""Which items changed, in words."""

from flows.engine.item_changes import item_changes, listed

OLD = {name: {"label": "cat", "attributes": ["red"]} for name in ("14018", "14019", "14020")}


def test_what_is_equal_is_not_told() -> None:
    assert item_changes(OLD, dict(OLD)) == []


def test_changed_items_are_named_with_their_columns() -> None:
    new = {**OLD, "14019": {"label": "cat", "attributes": ["red", "blue"]}}
    assert item_changes(OLD, new) == ["14019: attributes changed"]
    new["14020"] = {"label": "dog", "attributes": []}
    assert item_changes(OLD, new) == ["14019: attributes changed", "14020: label changed; attributes changed"]


def test_digests_are_called_by_what_they_are_of() -> None:
    old = {"a": {"sha256": "1", "pixels_sha256": "2", "label": "cat"}}
    new = {"a": {"sha256": "3", "pixels_sha256": "4", "label": "cat"}}
    assert item_changes(old, new) == ["a: file changed; pixels changed"]


def test_new_and_removed_items_are_told_apart() -> None:
    new = {name: OLD["14018"] for name in ("14018", "14019", "7")}
    assert item_changes(OLD, new) == ["14020: removed", "7: added"]


def test_many_names_are_cut_short_with_their_number() -> None:
    assert listed(["a", "b", "c"]) == "a, b, c"
    assert listed(list("abcdefgh")) == "a, b, c and 5 more"
