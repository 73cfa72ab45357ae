"""Forms are balanced exactly, over short cycles, over full ones, and each within itself."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import BadSetting
from pipeline.study.forms import FormLayout, Placed, check_places, form_items

Forms = list[tuple[Placed, ...]]


@st.composite
def layouts(draw: st.DrawFn) -> FormLayout:
    conditions, half_repeats, blocks = draw(st.integers(1, 4)), draw(st.integers(1, 2)), draw(st.integers(1, 3))
    per_form = 2 * half_repeats * conditions
    return FormLayout(blocks * per_form, per_form, conditions, draw(st.integers(0, 2**31)), draw(st.text(max_size=5)))


def forms_of(layout: FormLayout, start: int, count: int) -> Forms:
    return [form_items(layout, number) for number in range(start, start + count)]


def unbalanced_forms(forms: Forms, layout: FormLayout) -> list[int]:
    """Numbers of the forms in which some condition has too many items, or not half of them with the target first."""
    each = layout.per_form // layout.conditions
    wanted = Counter({(condition, first): each // 2 for condition, first in product(range(layout.conditions), (0, 1))})
    return [
        number
        for number, form in enumerate(forms)
        if Counter((placed.condition, int(placed.target_is_first)) for placed in form) != wanted
        or len({placed.item for placed in form}) != layout.per_form
    ]


def counts_differ(cells: Sequence[tuple[int, ...]], kinds: int) -> bool:
    """Whether some of so many kinds of cells is missing, or comes more often than another."""
    counts = Counter(cells)
    return len(counts) != kinds or len(set(counts.values())) != 1


def cells_of(forms: Forms) -> Iterator[tuple[int, int, int, int]]:
    for form in forms:
        for position, placed in enumerate(form):
            yield placed.item, placed.condition, int(placed.target_is_first), position


@given(layouts(), st.integers(0, 50))
def test_items_conditions_and_sides_are_balanced_over_every_short_cycle(layout: FormLayout, cycle: int) -> None:
    forms = forms_of(layout, cycle * layout.short_cycle, layout.short_cycle)
    assert unbalanced_forms(forms, layout) == []
    cells = [cell[:3] for cell in cells_of(forms)]
    assert not counts_differ(cells, layout.items * layout.conditions * 2)
    assert len(cells) == layout.items * layout.conditions * 2


@settings(max_examples=25)
@given(layouts())
def test_positions_are_balanced_with_all_of_these_over_the_full_cycle(layout: FormLayout) -> None:
    cells = list(cells_of(forms_of(layout, 0, layout.full_cycle)))
    assert len(cells) == len(set(cells)) == layout.items * layout.conditions * 2 * layout.per_form


@dataclass(frozen=True)
class Broken:
    """A way of making forms that the checks must reject."""

    layout: FormLayout

    def never_mirrored(self) -> Forms:
        return forms_of(self.layout, 0, self.layout.short_cycle)[::2] * 2

    def one_condition_too_often(self) -> Forms:
        forms = forms_of(self.layout, 0, self.layout.short_cycle)
        return [tuple(replace(placed, condition=0) for placed in forms[0]), *forms[1:]]

    def always_first(self) -> Forms:
        forms = forms_of(self.layout, 0, self.layout.short_cycle)
        return [tuple(replace(placed, target_is_first=True) for placed in form) for form in forms]

    def in_one_order(self) -> Forms:
        return forms_of(self.layout, 0, self.layout.short_cycle) * self.layout.per_form


def test_the_checks_reject_forms_that_are_not_balanced() -> None:
    layout = FormLayout(8, 4, 2, 0, "birds")
    broken = Broken(layout)
    for forms in (broken.never_mirrored(), broken.one_condition_too_often(), broken.always_first()):
        cells = [cell[:3] for cell in cells_of(forms)]
        assert counts_differ(cells, layout.items * layout.conditions * 2)
    assert unbalanced_forms(broken.always_first(), layout)
    assert unbalanced_forms(broken.one_condition_too_often(), layout) == [0]
    repeated = list(cells_of(broken.in_one_order()))
    assert len(repeated) == layout.full_cycle * layout.per_form
    assert len(set(repeated)) < len(repeated)


def test_the_seed_decides_and_datasets_differ() -> None:
    layout = FormLayout(20, 10, 1, 0, "birds")
    first = forms_of(layout, 0, 4)
    assert first == forms_of(replace(layout), 0, 4)
    assert first != forms_of(replace(layout, seed=1), 0, 4)
    assert first != forms_of(replace(layout, name="bags"), 0, 4)


@pytest.mark.parametrize(
    ("items", "per_form", "conditions"), [(10, 5, 1), (12, 6, 2), (10, 4, 1), (0, 0, 1), (4, 4, 0)]
)
def test_numbers_that_cannot_be_balanced_are_refused(items: int, per_form: int, conditions: int) -> None:
    with pytest.raises(BadSetting, match="multiple"):
        FormLayout(items, per_form, conditions, 0, "birds")


@given(st.integers(0, 1000), st.integers(3, 40))
def test_checks_come_at_different_places_after_the_first_question(number: int, questions: int) -> None:
    places = check_places(0, number, questions, 2)
    assert places == sorted(set(places))
    assert all(1 <= place < questions for place in places)
