"""Forms of a questionnaire: which items a subject sees, in which order, in which condition, with which option first.

Form numbers count from 0. What has to be balanced soonest changes fastest with the number, so that a study that ends
early is balanced, too.
"""

from dataclasses import dataclass

from pipeline.errors import BadSetting
from pipeline.randomness import keyed_rng
from pipeline.study.latin_squares import williams_square


@dataclass(frozen=True)
class FormLayout:
    """How the items of one dataset are spread over forms.

    Over `short_cycle` forms in a row every item is shown equally often in every condition, with its target equally
    often first. Over `full_cycle` forms every combination of item, condition, position and place of the target comes
    exactly once. Within every form each condition has equally many items, half of them with the target first.

    Attributes:
        items: in the pool, a multiple of `per_form`.
        per_form: items that a subject sees; an even multiple of `conditions`.
        conditions: ways of showing an item.
        seed: keys the order of items, rows and conditions; items that are shown together are neighbours in the pool.
        name: of the dataset, keys likewise.

    Raises:
        BadSetting: the numbers do not divide as above.
    """

    items: int
    per_form: int
    conditions: int
    seed: int
    name: str

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be balanced."""
        if min(self.items, self.per_form, self.conditions) < 1 or self.per_form % (2 * self.conditions):
            raise BadSetting(
                expected=f"questions for each subject in multiples of {2 * max(self.conditions, 1)}: "
                "each condition as often with either side right",
                found=str(self.per_form),
                where="--questions, --repeats",
                remedy=f"choose a multiple of {2 * max(self.conditions, 1)}, or other conditions",
            )
        if self.items % self.per_form:
            raise BadSetting(
                expected=f"a multiple of the {self.per_form} questions of a subject",
                found=str(self.items),
                where="--pairs, --triplets",
                remedy=f"choose {max(1, self.items // self.per_form) * self.per_form}",
            )

    @property
    def blocks(self) -> int:
        """Groups of items that are shown together."""
        return self.items // self.per_form

    @property
    def short_cycle(self) -> int:
        """Forms after which items, conditions and sides are balanced."""
        return 2 * self.blocks * self.conditions

    @property
    def full_cycle(self) -> int:
        """Forms after which positions are balanced with all of these."""
        return self.short_cycle * self.per_form


@dataclass(frozen=True)
class Placed:
    """An item on a form.

    Attributes:
        item: place in the pool.
        condition: place in the list of conditions.
        target_is_first: the option that the analysis counts is shown first (left).
    """

    item: int
    condition: int
    target_is_first: bool


def form_items(layout: FormLayout, number: int) -> tuple[Placed, ...]:
    """Return the items of a form in the order in which they are shown; forms repeat after `full_cycle`."""
    slow, fast = divmod(number, layout.short_cycle)
    rest, mirror = divmod(fast, 2)
    rotation, block = divmod(rest, layout.blocks)
    rng = keyed_rng(layout.seed, "study form", layout.name)
    rows, names = rng.permutation(layout.per_form), rng.permutation(layout.conditions)
    places = keyed_rng(layout.seed, "study block", layout.name, block).permutation(layout.per_form)
    # Forms of one short cycle begin in different rows, or an item would be at one position in all of them.
    order = williams_square(layout.per_form)[rows[(slow + fast) % layout.per_form]]
    placed = []
    for local in order.tolist():
        turn, condition = local // layout.conditions, (local + rotation) % layout.conditions
        item = block * layout.per_form + int(places[local])
        placed.append(Placed(item, int(names[condition]), (turn + mirror) % 2 == 0))
    return tuple(placed)


def check_places(seed: int, number: int, questions: int, checks: int) -> list[int]:
    """Return before which questions of a form the attention checks come, ascending; never before the first.

    Args:
        seed: keys the draw with the form's number.
        number: of the form.
        questions: on the form, without checks.
        checks: fewer than there are questions.
    """
    rng = keyed_rng(seed, "study checks", number)
    return sorted((rng.choice(questions - 1, size=checks, replace=False) + 1).tolist())
