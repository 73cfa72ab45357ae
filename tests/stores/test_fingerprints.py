"""The reasons that `status` gives: what changed, where, from what to what."""

from stores.fingerprints import changed_ingredients, fingerprint, short


def test_equal_ingredients_have_no_changes() -> None:
    ingredients = {"settings": {"a": 1, "b": [1, {"c": 2.0}]}, "code": {}}
    assert changed_ingredients(ingredients, {"code": {}, "settings": {"b": (1, {"c": 2.0}), "a": 1}}) == []


def test_changes_are_named_by_their_dotted_path() -> None:
    old = {"settings": {"masks": 2000, "grid": [8, 8]}, "version": 1, "gone": "x"}
    new = {"settings": {"masks": 500, "grid": [8, 9]}, "version": 1, "fresh": {"a": 1}}
    assert changed_ingredients(old, new) == [
        ("fresh", "(absent)", '{"a":1}'),
        ("gone", "x", "(absent)"),
        ("settings.grid[1]", "8", "9"),
        ("settings.masks", "2000", "500"),
    ]


def test_an_integer_and_the_equal_float_or_flag_are_a_change() -> None:
    assert changed_ingredients({"a": 1, "b": 1}, {"a": 1.0, "b": True}) == [
        ("a", "1", "1.0"),
        ("b", "1", "true"),
    ]


def test_a_list_of_another_length_is_one_change() -> None:
    assert changed_ingredients({"a": [1, 2]}, {"a": [0, 1, 2]}) == [("a", "[1,2]", "[0,1,2]")]


def test_of_long_lists_what_only_one_side_has_is_shown() -> None:
    common = [f"variant {number}" for number in range(20)]
    assert changed_ingredients({"a": [*common, "old"]}, {"a": ["new", "newer", *common]}) == [
        ("a", '[…,"old"]', '[…,"new","newer"]')
    ]
    assert changed_ingredients({"a": common}, {"a": [*common, "new"]}) == [("a", "[…]", '[…,"new"]')]
    ((_, old, new),) = changed_ingredients({"a": common}, {"a": [*common, common[-1] * 2, *common]})
    assert "variant 19variant 19" in new
    ((_, old, new),) = changed_ingredients({"a": common}, {"a": [*common, "variant 0"]})
    assert old != new


def test_long_values_are_shortened_and_digests_to_their_first_digits() -> None:
    digest = fingerprint("x")
    ((_, old, new),) = changed_ingredients({"a": digest}, {"a": "y" * 200})
    assert old == short(digest)
    assert len(old) == 12
    assert len(new) < 50
    assert "…" in new
