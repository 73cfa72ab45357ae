"""Episodes of one-shot segmentation: a test image, the class that is sought in it, and its support images.

2-way: the test image shows a second class, whose support images say what is not sought (SAM, section 4.3).

Departures from Shaban et al. 2017, who draw 1,000 pairs a fold at random: every class of every test image has as many
episodes as asked for, each drawn by a key of its own, so that no image and no list changes the draws of another class.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from pipeline.errors import BadDataset, BadSetting
from pipeline.evaluation.segmentation.voc import CLASSES, fold_classes
from pipeline.randomness import keyed_rng


@dataclass(frozen=True)
class Episode:
    """One task.

    Attributes:
        fold: of the class that is sought, 0 to 3.
        test: name of the image to segment.
        target: index of the class that is sought.
        supports: names of images that show it.
        other: 2-way: index of another class that the test image shows.
        other_supports: names of as many images that show that one.
    """

    fold: int
    test: str
    target: int
    supports: tuple[str, ...]
    other: int | None = None
    other_supports: tuple[str, ...] = ()


@dataclass(frozen=True)
class EpisodeDraw:
    """How episodes are drawn.

    Attributes:
        seed: keys all draws.
        ways: 1, or 2 with a class that is not sought.
        shots: support images of each class.
        per_image: episodes of each class of each test image, of both classes in 2-way.
        other_classes: 2-way: "any" of the image's other classes, as in SAM's figure 10, or those of the same "fold".
    """

    seed: int
    ways: Literal[1, 2] = 1
    shots: int = 1
    per_image: int = 1
    other_classes: Literal["any", "fold"] = "any"


@dataclass(frozen=True)
class DrawnEpisodes:
    """Episodes of a fold, by class and image.

    Attributes:
        episodes: them.
        undrawn: tasks left out, since too few other images show the class.
    """

    episodes: tuple[Episode, ...]
    undrawn: int


def draw_episodes(classes_of: Mapping[str, frozenset[int]], fold: int, draw: EpisodeDraw) -> DrawnEpisodes:
    """Return the episodes of a fold; those of fewer shots have the first supports of those of more.

    A support image of a class does not show the other class of its episode, or it would say both.

    Args:
        classes_of: the classes that each image shows, by its name.
        fold: 0 to 3.
        draw: how.

    Raises:
        BadSetting: there is no such fold, or the draw is neither 1-way nor 2-way, or of no shot.
    """
    if draw.ways not in (1, 2) or draw.shots < 1 or draw.per_image < 1:
        raise BadSetting(
            expected="1 or 2 ways, at least 1 shot, at least 1 episode of each class of an image",
            found=f"{draw.ways} ways, {draw.shots} shots, {draw.per_image} episodes",
            where="one-shot segmentation",
            remedy="choose 1-way 1-shot, 2-way 1-shot or 2-way 5-shot",
        )
    sought = fold_classes(fold)
    episodes, undrawn = [], 0
    for target in sought:
        for test in sorted(name for name, shown in classes_of.items() if target in shown):
            among = classes_of[test] & (frozenset(sought) if draw.other_classes == "fold" else classes_of[test])
            others = sorted(among - {target}) if draw.ways == 2 else [None]
            for other in others:
                for number in range(draw.per_image):
                    found = _episode(classes_of, draw, Episode(fold, test, target, (), other), number)
                    undrawn += found is None
                    episodes += [] if found is None else [found]
    return DrawnEpisodes(tuple(episodes), undrawn)


def check_episodes(classes_of: Mapping[str, frozenset[int]], episodes: Iterable[Episode]) -> None:
    """Refuse the first episode that is none.

    Args:
        classes_of: the classes that each image shows, by its name.
        episodes: drawn, or as somebody lists them.

    Raises:
        BadDataset: an image is not among the images, does not show the class that it stands for, or supports itself;
            or there are no supports, or unequally many of both classes.
    """
    for episode in episodes:
        problem = _problem(classes_of, episode)
        if problem is not None:
            raise BadDataset(
                expected="a test image and support images that show their class, none of them the test image",
                found=problem,
                where=f"episode of {episode.test}, class {_name(episode.target)}",
                remedy="correct the episode, or name the list of images that its images are of",
            )


def _episode(
    classes_of: Mapping[str, frozenset[int]], draw: EpisodeDraw, asked: Episode, number: int
) -> Episode | None:
    supports = _supports(classes_of, draw, asked, (asked.target, asked.other), number)
    others: tuple[str, ...] | None = ()
    if asked.other is not None:
        others = _supports(classes_of, draw, asked, (asked.other, asked.target), number)
    if supports is None or others is None:
        return None
    return replace(asked, supports=supports, other_supports=others)


def _supports(
    classes_of: Mapping[str, frozenset[int]],
    draw: EpisodeDraw,
    asked: Episode,
    with_and_without: tuple[int | None, int | None],
    number: int,
) -> tuple[str, ...] | None:
    """Return images that show a class and not the other, None where there are too few."""
    shown, absent = with_and_without
    pool = sorted(name for name, has in classes_of.items() if shown in has and absent not in has and name != asked.test)
    if len(pool) < draw.shots:
        return None
    # Without ways and shots: episodes with more of them begin with the same images where the pool is the same.
    rng = keyed_rng(
        draw.seed, "one-shot episode", asked.fold, asked.target, asked.test, str(asked.other), shown, number
    )
    return tuple(pool[place] for place in rng.permutation(len(pool))[: draw.shots])


def _problem(classes_of: Mapping[str, frozenset[int]], episode: Episode) -> str | None:
    stands_for = [(episode.test, episode.target)] + [(name, episode.target) for name in episode.supports]
    if episode.other is not None:
        stands_for += [(episode.test, episode.other)] + [(name, episode.other) for name in episode.other_supports]
    for name, shown in stands_for:
        if name not in classes_of:
            return f"{name}, which is not among the {len(classes_of)} images"
        if shown not in classes_of[name]:
            return f"{name}, whose mask has no pixel of {_name(shown)}"
    if episode.test in (*episode.supports, *episode.other_supports):
        return f"{episode.test} as its own support"
    expected = len(episode.supports) if episode.other is not None else 0
    if not episode.supports or len(episode.other_supports) != expected:
        return f"{len(episode.supports)} supports of the class, {len(episode.other_supports)} of the other"
    return None


def _name(index: int) -> str:
    return CLASSES[index - 1] if 1 <= index <= len(CLASSES) else str(index)
