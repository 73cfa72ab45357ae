"""Settings as annotated dataclasses: which keys they have, and what their limits refuse."""

from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Gt, Le, Lt, MultipleOf, doc

from pipeline.errors import BadSetting
from pipeline.saliency.spec_fields import (
    Positive,
    Requirement,
    refuse_out_of_limits,
    setting_fields,
    spec_from_keys,
    spec_from_values,
)

EVEN = Requirement(lambda value: value % 2 == 0, "an even number")


@dataclass(frozen=True)
class Inner:
    share: Annotated[float, Ge(0), Lt(1), doc("a share")] = 0.5


@dataclass(frozen=True)
class Outer:
    count: Annotated[Positive, EVEN, doc("how many")] = 2
    kind: Annotated[Literal["one", "other"], doc("which")] = "one"
    limit: Annotated[Positive | None, doc("at most; empty: all")] = None
    inner: Inner = field(default_factory=Inner)
    width: Annotated[float, Gt(0), Le(3), doc("how wide")] = 1.0
    seed: int = 0


def test_described_fields_are_keys_and_those_of_inner_settings_lie_among_them() -> None:
    found = setting_fields(Outer)
    assert [one.name for one in found] == ["count", "kind", "limit", "share", "width"]
    assert [one.default for one in found] == [2, "one", None, 0.5, 1.0]
    assert found[0].kind is int
    assert found[0].limits == (Ge(1), EVEN)
    assert found[3].description == "a share"


def test_settings_are_made_of_keys_and_of_values() -> None:
    keys = {"count": 4, "kind": "other", "limit": 3, "share": 0.25, "width": 2.0, "another": "of the section"}
    made = Outer(4, "other", 3, Inner(0.25), 2.0)
    assert spec_from_keys(Outer, keys) == made
    assert spec_from_values(Outer, {"count": 4, "inner": {"share": 0.25}}) == Outer(4, inner=Inner(0.25))
    with pytest.raises(TypeError, match="share"):
        spec_from_values(Outer, {"share": 0.25})


@pytest.mark.parametrize(
    ("wrong", "expected", "found"),
    [
        ({"count": 0}, "a whole number, at least 1, an even number", "count 0"),
        ({"count": 3}, "an even number", "count 3"),
        ({"count": 2.0}, "a whole number", "count 2.0"),
        ({"kind": "none"}, "one of one, other", "kind 'none'"),
        ({"limit": 0}, "a whole number, at least 1 or none", "limit 0"),
        ({"width": 3.5}, "a number, above 0, at most 3", "width 3.5"),
        ({"width": 0}, "above 0", "width 0"),
        ({"width": "2"}, "a number", "width '2'"),
        ({"inner": Inner(1)}, "a number, at least 0, below 1", "share 1"),
        ({"inner": Inner(-0.1)}, "at least 0", "share -0.1"),
    ],
)
def test_settings_out_of_their_limits_are_refused(wrong: dict[str, Any], expected: str, found: str) -> None:
    with pytest.raises(BadSetting, match=expected) as refused:
        refuse_out_of_limits(replace(Outer(), **wrong), "saliency.outer")
    assert refused.value.found == found
    assert refused.value.where == f"saliency.outer.{found.partition(' ')[0]}"


def test_settings_at_their_limits_are_let_through() -> None:
    for right in (Outer(), Outer(limit=1), Outer(width=3), Outer(inner=Inner(0)), Outer(seed=-5), Outer(width=1)):
        refuse_out_of_limits(right, "saliency.outer")


def test_a_limit_that_cannot_be_checked_is_an_error_of_the_program() -> None:
    @dataclass(frozen=True)
    class Unknown:
        count: Annotated[int, MultipleOf(3), doc("how many")] = 3

    with pytest.raises(TypeError, match="MultipleOf"):
        refuse_out_of_limits(Unknown(), "saliency.unknown")
