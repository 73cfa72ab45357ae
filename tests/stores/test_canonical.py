"""Equal values have equal text; unequal ones, and values without a text, are told apart."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores import canonical
from stores.canonical import canonical_json, fingerprint, fingerprint_of_parsed
from stores.errors import StoreError

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON_VALUES)
def test_the_text_is_json_that_gives_the_value_back(value: object) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


@given(st.dictionaries(st.text(), st.integers(), min_size=2), st.randoms())
def test_the_order_of_keys_does_not_count(value: dict[str, int], random: object) -> None:
    keys = list(value)
    random.shuffle(keys)  # type: ignore[attr-defined]
    assert fingerprint({key: value[key] for key in keys}) == fingerprint(value)


@given(st.recursive(JSON_VALUES | st.text(st.characters(codec=None)), st.lists))
def test_the_fast_way_of_writing_agrees_with_the_one_that_names_places(value: object) -> None:
    assert canonical_json(value) == canonical._encode(value, "value")


@given(JSON_VALUES)
def test_a_parsed_value_has_the_same_fingerprint(value: object) -> None:
    parsed = json.loads(json.dumps(value))
    assert fingerprint_of_parsed(parsed) == fingerprint(parsed)
    with pytest.raises(StoreError):
        fingerprint_of_parsed([parsed, float("nan")])


def test_the_fast_way_takes_nothing_that_json_would_convert() -> None:
    for value in ({1: "a"}, {"a": {None: 1}}, [{True: 1}], {"a": {2.5: 1}}, {"a": float("inf")}, [object()]):
        with pytest.raises(StoreError):
            canonical_json(value)


def test_the_text_is_spelled_as_promised() -> None:
    value = {"b": [1, 1.0, True, None, -0.0, 1e-7], "a": {"é": "x y"}, "c": ()}
    assert canonical_json(value) == '{"a":{"\\u00e9":"x y"},"b":[1,1.0,true,null,-0.0,1e-07],"c":[]}'


def test_values_that_are_easily_mistaken_for_each_other_differ() -> None:
    values = [
        {},
        {"a": None},
        {"a": []},
        {"a": {}},
        {"a": ""},
        {"a": 0},
        {"a": 0.0},
        {"a": False},
        {"a": "0"},
    ]
    assert len({fingerprint(value) for value in values}) == len(values)
    assert fingerprint([["a"], "b"]) != fingerprint(["a", ["b"]])


def test_a_numpy_float_which_is_a_float_has_the_plain_text() -> None:
    assert canonical_json(np.float64(0.5)) == "0.5"


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"rise": {"p": float("nan")}}, "value.rise.p"),
        ([1, float("inf")], r"value\[1\]"),
        ({"rise": {3: 1}}, "value.rise"),
        ({"n": np.int64(3)}, "value.n"),
        ({"path": Path("x")}, "value.path"),
        ({"set": {1, 2}}, "value.set"),
        (b"bytes", "value"),
    ],
)
def test_what_has_no_text_is_refused_with_its_place(value: object, place: str) -> None:
    with pytest.raises(StoreError, match=f"where: {place}\n"):
        canonical_json(value)


def test_a_fresh_interpreter_with_another_hash_seed_agrees() -> None:
    value = {"stage": "images", "settings": {"a": 0.1, "b": [1, 2]}, "names": {"x": 1, "y": 2}}
    code = f"from stores.canonical import fingerprint; import sys; sys.stdout.write(fingerprint({value!r}))"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={"PYTHONHASHSEED": "7"},
    )
    assert run.stdout == fingerprint(value)
