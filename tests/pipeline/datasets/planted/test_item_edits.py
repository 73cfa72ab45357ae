import pytest

from pipeline.datasets.planted.item_edits import Edit, apply_edit
from pipeline.datasets.planted.items import Item
from pipeline.errors import BadSetting

SHIRT = Item("test_00000", "test", "shirt", ("red", "dots", "black", "sky"), ("buttons", "pocket"))


def test_a_factor_edit_changes_that_factor_only() -> None:
    edited = apply_edit(SHIRT, Edit("pattern:dots", "pattern", "checks"))
    assert edited.values == ("red", "checks", "black", "sky")
    assert (edited.item_type, edited.parts, edited.image_id) == ("shirt", SHIRT.parts, SHIRT.image_id)


def test_parts_switch_on_and_off_in_vocabulary_order() -> None:
    assert apply_edit(SHIRT, Edit("part:pocket", "pocket", "off")).parts == ("buttons",)
    assert apply_edit(SHIRT, Edit("part:emblem", "emblem", "on")).parts == ("buttons", "emblem", "pocket")


@pytest.mark.parametrize(
    "edit",
    [
        Edit("body_colour:red", "body_colour", "red"),
        Edit("part:pocket", "pocket", "on"),
        Edit("part:sole", "sole", "off"),
    ],
)
def test_an_edit_to_the_present_state_returns_an_equal_item(edit: Edit) -> None:
    assert apply_edit(SHIRT, edit) == SHIRT


@pytest.mark.parametrize(
    "edit",
    [
        Edit("part:sole", "sole", "on"),
        Edit("body_colour:pink", "body_colour", "pink"),
        Edit("part:wing", "wing", "on"),
        Edit("part:pocket", "pocket", "red"),
    ],
)
def test_impossible_and_unknown_edits_are_refused(edit: Edit) -> None:
    with pytest.raises(BadSetting, match="test_00000"):
        apply_edit(SHIRT, edit)
