"""Episodes: what supports show, draws that hang on nothing but their key, and refusals."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import BadDataset, BadSetting
from pipeline.evaluation.segmentation.episode_list import read_episodes
from pipeline.evaluation.segmentation.episodes import Episode, EpisodeDraw, check_episodes, draw_episodes

# Classes 11 and 15 are of fold 2, 2 of fold 0.
CLASSES_OF = {
    **{f"table{number}": frozenset({11}) for number in range(7)},
    **{f"person{number}": frozenset({15}) for number in range(7)},
    "both": frozenset({11, 15}),
    "ridden": frozenset({2, 15}),
    "bicycle": frozenset({2}),
    "empty": frozenset[int](),
}


def test_1_way_has_an_episode_for_each_class_of_each_image() -> None:
    drawn = draw_episodes(CLASSES_OF, 2, EpisodeDraw(0))
    assert sorted((one.test, one.target) for one in drawn.episodes) == sorted(
        (name, target) for name, shown in CLASSES_OF.items() for target in shown & {11, 15}
    )
    assert drawn.undrawn == 0
    check_episodes(CLASSES_OF, drawn.episodes)
    assert all(one.other is None and len(one.supports) == 1 for one in drawn.episodes)
    assert len({one.supports for one in drawn.episodes if one.target == 15}) > 2
    # The only other bicycle is ridden.
    alone = draw_episodes({"bicycle": frozenset({2})}, 0, EpisodeDraw(0))
    assert (alone.episodes, alone.undrawn) == ((), 1)


def test_2_way_supports_show_one_class_each() -> None:
    drawn = draw_episodes(CLASSES_OF, 2, EpisodeDraw(0, 2, 5))
    check_episodes(CLASSES_OF, drawn.episodes)
    assert [(one.test, one.target, one.other) for one in drawn.episodes] == [("both", 11, 15), ("both", 15, 11)]
    for one in drawn.episodes:
        assert all(one.other not in CLASSES_OF[name] for name in one.supports)
        assert all(one.target not in CLASSES_OF[name] for name in one.other_supports)
        assert len(set(one.supports)) == len(set(one.other_supports)) == 5
    # The cyclist's other class is of another fold, and only one other image shows it.
    assert drawn.undrawn == 1
    assert draw_episodes(CLASSES_OF, 2, EpisodeDraw(0, 2, 5, other_classes="fold")).undrawn == 0
    cyclist = draw_episodes(CLASSES_OF, 2, EpisodeDraw(0, 2, 1)).episodes
    assert ("ridden", 15, 2) in {(one.test, one.target, one.other) for one in cyclist}


def test_draws_hang_on_seed_class_and_image_alone() -> None:
    whole = draw_episodes(CLASSES_OF, 2, EpisodeDraw(0)).episodes
    backwards = dict(reversed(CLASSES_OF.items()))
    assert draw_episodes(backwards, 2, EpisodeDraw(0)).episodes == whole
    without = {name: shown for name, shown in CLASSES_OF.items() if shown != {11}}
    of_persons = [one for one in whole if one.target == 15]
    assert [one for one in draw_episodes(without, 2, EpisodeDraw(0)).episodes if one.target == 15] == of_persons
    assert draw_episodes(CLASSES_OF, 2, EpisodeDraw(1)).episodes != whole
    several = draw_episodes(CLASSES_OF, 2, EpisodeDraw(0, per_image=3)).episodes
    assert several[::3] == whole
    assert len({one.supports for one in several if one.test == "both"}) > 1


def test_fewer_shots_are_the_first_of_more() -> None:
    one, five = (draw_episodes(CLASSES_OF, 2, EpisodeDraw(0, 2, shots)).episodes for shots in (1, 5))
    first = {(few.test, few.target): few for few in one if few.test == "both"}
    for more in five:
        assert more.supports[:1] == first[more.test, more.target].supports
        assert more.other_supports[:1] == first[more.test, more.target].other_supports


GOOD = Episode(2, "both", 11, ("table1",), 15, ("person1",))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"supports": ("person2",)}, "person2, whose mask has no pixel of diningtable"),
        ({"other_supports": ("table2",)}, "table2, whose mask has no pixel of person"),
        ({"test": "table3"}, "table3, whose mask has no pixel of person"),
        ({"supports": ("nowhere",)}, "nowhere, which is not among"),
        ({"supports": ("both",)}, "both as its own support"),
        ({"supports": ()}, "0 supports"),
        ({"supports": ("table1", "table2")}, "2 supports of the class, 1 of the other"),
    ],
)
def test_an_episode_that_is_none_is_refused(change: dict[str, object], message: str) -> None:
    check_episodes(CLASSES_OF, [GOOD])
    with pytest.raises(BadDataset, match=message):
        check_episodes(CLASSES_OF, [GOOD, replace(GOOD, **change)])  # type: ignore[arg-type]


def test_draws_of_nothing_are_refused() -> None:
    for draw in (EpisodeDraw(0, 3), EpisodeDraw(0, 1, 0), EpisodeDraw(0, per_image=0)):  # type: ignore[arg-type]
        with pytest.raises(BadSetting, match="ways"):
            draw_episodes(CLASSES_OF, 2, draw)


def test_a_list_of_episodes_is_read_and_malformed_ones_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "episodes.csv"
    header = "test,class,supports,other_class,other_supports\n"
    path.write_text(header + "both,diningtable,table1,person,person1\nperson1,person,person2 person3,,\n")
    assert read_episodes(path) == (GOOD, Episode(2, "person1", 15, ("person2", "person3")))
    for text, message in (
        (header, "columns"),
        ("test,class\na,person\n", "columns"),
        (header + "a,zebra,b,,\n", "zebra"),
    ):
        path.write_text(text)
        with pytest.raises(BadDataset, match=message):
            read_episodes(path)
