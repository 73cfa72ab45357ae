"""Questions and replaced outfits respect types, leave the outfit's own items out and do not depend on order."""

import dataclasses

import numpy as np

from pipeline.similarity.compatibility.outfit_draws import OutfitPool, blank_questions, replaced_outfits

RNG = np.random.default_rng(0)
TYPES = [("bags", "shoes", "tops", "hats")[number % 4] for number in range(60)]
OUTFITS = [np.sort(RNG.choice(60, size=size, replace=False)) for size in RNG.integers(2, 6, size=30)]
POOL = OutfitPool(
    TYPES, [f"i{number:02d}" for number in range(60)], OUTFITS, [f"o{number:02d}" for number in range(30)]
)


def test_a_question_hides_one_item_among_others_of_its_type() -> None:
    questions = blank_questions(POOL, seed=0)
    assert len(questions) == 30
    for question in questions:
        members = set(OUTFITS[question.outfit].tolist())
        answer, *distractors = question.choices.tolist()
        assert set(question.shown.tolist()) == members - {answer}
        assert answer in members
        assert len(set(distractors)) == 3
        assert not set(distractors) & members
        assert {TYPES[choice] for choice in distractors} == {TYPES[answer]}


def test_every_item_of_an_outfit_is_replaced_by_another_of_its_type() -> None:
    found = replaced_outfits(POOL, seed=0)
    assert len(found) == 30
    for outfit in found:
        items, replaced = outfit.items.tolist(), outfit.replaced.tolist()
        assert items == OUTFITS[outfit.outfit].tolist()
        assert not set(items) & set(replaced)
        assert len(set(replaced)) == len(items)
        assert [TYPES[item] for item in items] == [TYPES[item] for item in replaced]


def test_types_with_too_few_images_are_not_asked_about() -> None:
    # Three bags and one hat: only the shoes, four of them, have three others.
    types = ["bags"] * 3 + ["hats"] + ["shoes"] * 4
    outfits = [np.array([0, 3, 4]), np.array([1, 5]), np.array([2, 6]), np.array([0, 3]), np.array([7])]
    pool = OutfitPool(types, [str(number) for number in range(8)], outfits, list("abcde"))
    questions = blank_questions(pool, seed=0)
    assert [(question.outfit, types[question.choices[0]]) for question in questions] == [
        (0, "shoes"), (1, "shoes"), (2, "shoes"),
    ]  # fmt: skip
    # The hat cannot be replaced; an outfit of one item is no outfit.
    assert [outfit.outfit for outfit in replaced_outfits(pool, seed=0)] == [1, 2]


def test_only_images_that_some_outfit_holds_stand_in() -> None:
    worn = {position for members in OUTFITS for position in members.tolist()}
    assert worn < set(range(60))
    stand_ins = {choice for question in blank_questions(POOL, 1) for choice in question.choices.tolist()}
    stand_ins |= {position for outfit in replaced_outfits(POOL, 1) for position in outfit.replaced.tolist()}
    assert stand_ins <= worn


def by_ids(pool: OutfitPool, seed: int) -> set[tuple[str, tuple[str, ...]]]:
    ids = pool.image_ids_n
    drawn = {(pool.outfit_ids[one.outfit], tuple(ids[n] for n in one.choices)) for one in blank_questions(pool, seed)}
    return drawn | {
        (pool.outfit_ids[one.outfit], tuple(ids[n] for n in one.replaced)) for one in replaced_outfits(pool, seed)
    }


def test_draws_follow_ids_and_seed_not_order() -> None:
    order = RNG.permutation(60)
    place = np.argsort(order)
    shuffled = OutfitPool(
        [TYPES[number] for number in order],
        [POOL.image_ids_n[number] for number in order],
        [place[members][::-1] for members in reversed(OUTFITS)],
        list(reversed(POOL.outfit_ids)),
    )
    assert by_ids(shuffled, 0) == by_ids(POOL, 0)
    assert by_ids(POOL, 1) != by_ids(POOL, 0)
    renamed = dataclasses.replace(POOL, outfit_ids=[f"x{number}" for number in range(30)])
    assert {one for _, one in by_ids(renamed, 0)} != {one for _, one in by_ids(POOL, 0)}
