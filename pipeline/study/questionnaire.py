"""A questionnaire: its design, and what the pages are told, in which nothing says which option counts."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from pipeline.errors import BadSetting
from pipeline.study.conditions import Condition
from pipeline.study.design import LEFT, RIGHT, Question, StudiedDataset, StudyDesign
from pipeline.study.forms import FormLayout, Placed, check_places, form_items
from pipeline.study.items import Item
from pipeline.study.shown_questions import Pictures, QuestionKind


@dataclass(frozen=True)
class AskedDataset(Generic[Item]):
    """What is asked about a dataset.

    Attributes:
        facts: of the design.
        items: the pool.
        checks: items of attention checks.
        pictures: files of its images and maps.
    """

    facts: StudiedDataset
    items: Sequence[Item]
    checks: Sequence[Item]
    pictures: Pictures


@dataclass(frozen=True)
class StudyPlan:
    """How a study is laid out.

    Attributes:
        seed: keys all draws.
        groups: that subjects choose from.
        conditions: of the questions.
        questions: for each subject and dataset, without checks.
        subjects: that are expected; decides how many forms there are.
        checks: attention checks on each form.
        made: what made it, for the record.
        new_id: returns a new random id; ids tell nothing of what they stand for.
    """

    seed: int
    groups: tuple[str, ...]
    conditions: tuple[Condition, ...]
    questions: int
    subjects: int
    checks: int
    made: Mapping[str, Any] = field(default_factory=dict)
    new_id: Callable[[], str] = lambda: secrets.token_hex(6)


@dataclass(frozen=True)
class Questionnaire:
    """A study to publish and its key.

    Attributes:
        design: the key.
        published: what the pages are told, as values for JSON.
    """

    design: StudyDesign
    published: dict[str, Any]


def layouts_of(plan: StudyPlan, names_and_items: Sequence[tuple[str, int]]) -> list[FormLayout]:
    """Return the layout of each dataset, by its name and the size of its pool.

    Raises:
        BadSetting: the numbers cannot be balanced.
    """
    conditions = len(plan.conditions)
    if not 0 <= plan.checks < plan.questions * len(names_and_items):
        raise BadSetting(
            expected="fewer attention checks than questions, and none below 0",
            found=str(plan.checks),
            where="--checks",
            remedy="two are usual",
        )
    return [FormLayout(items, plan.questions, conditions, plan.seed, name) for name, items in names_and_items]


def form_count(layouts: Sequence[FormLayout], subjects: int) -> int:
    """Return how many forms there are: whole short cycles of all datasets, for as many subjects as are expected.

    Datasets come in each order of a rotation equally often, so a cycle is so many times as long.
    """
    cycles = -(-max(1, subjects) // (len(layouts) * layouts[0].short_cycle))
    return len(layouts) * min(layouts[0].full_cycle, cycles * layouts[0].short_cycle)


def make_questionnaire(
    plan: StudyPlan, protocol: QuestionKind[Item], datasets: Sequence[AskedDataset[Item]]
) -> Questionnaire:
    """Return a questionnaire of one protocol.

    Args:
        plan: how it is laid out.
        protocol: what a question shows.
        datasets: all with equally many items, or the same multiple of `plan.questions`.

    Raises:
        BadSetting: the numbers cannot be balanced.
    """
    layouts = layouts_of(plan, [(asked.facts.name, len(asked.items)) for asked in datasets])
    book = _Book(plan, protocol, datasets)
    forms = tuple(_form(plan, layouts, book, number) for number in range(form_count(layouts, plan.subjects)))
    design = StudyDesign(
        secrets.token_hex(8),
        protocol.name,
        plan.seed,
        plan.groups,
        tuple(condition.name for condition in plan.conditions),
        tuple(asked.facts for asked in datasets),
        book.questions,
        forms,
        plan.made,
    )
    published = {
        "study": design.study,
        "protocol": protocol.name,
        "prompt": protocol.prompt,
        "groups": list(plan.groups),
        "questions": {name: book.shown[name] for name in sorted(book.shown)},
        "forms": [list(form) for form in forms],
    }
    return Questionnaire(design, published)


class _Book(Generic[Item]):
    """The questions that occur on forms, each made once."""

    def __init__(self, plan: StudyPlan, protocol: QuestionKind[Item], datasets: Sequence[AskedDataset[Item]]) -> None:
        self._plan = plan
        self._protocol: QuestionKind[Item] = protocol
        self._datasets: Sequence[AskedDataset[Item]] = datasets
        self._ids: dict[tuple[int, bool, Placed], str] = {}
        self.questions: dict[str, Question] = {}
        self.shown: dict[str, dict[str, Any]] = {}

    def question(self, dataset: int, placed: Placed, is_check: bool) -> str:
        """Return the id of a question; of a check `placed.item` is its place among the checks."""
        key = (dataset, is_check, placed)
        if key not in self._ids:
            self._ids[key] = name = self._plan.new_id()
            asked, condition = self._datasets[dataset], self._plan.conditions[placed.condition]
            item = (asked.checks if is_check else asked.items)[placed.item]
            target = LEFT if placed.target_is_first else RIGHT
            told = "" if is_check else condition.name
            self.questions[name] = Question(dataset, self._protocol.item_id(item), told, target, is_check)
            show = self._protocol.check if is_check else self._protocol.question
            self.shown[name] = show(item, condition, placed.target_is_first, asked.pictures)
        return self._ids[key]


def _form(plan: StudyPlan, layouts: Sequence[FormLayout], book: _Book[Any], number: int) -> tuple[str, ...]:
    """Return the questions of a form: the datasets in turn, and checks between them."""
    within, rotation = divmod(number, len(layouts))
    order = [(place + rotation) % len(layouts) for place in range(len(layouts))]
    questions = [
        book.question(dataset, placed, False) for dataset in order for placed in form_items(layouts[dataset], within)
    ]
    places = check_places(plan.seed, number, len(questions), plan.checks)
    for check, place in reversed(list(enumerate(places))):
        turn, dataset = divmod(check, len(layouts))
        placed = Placed(turn, 0, (check + number) % 2 == 0)
        questions.insert(place, book.question(dataset, placed, True))
    return tuple(questions)
