"""Shards hold every item once, and an added item disturbs only its neighbours."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.engine.content_shards import content_defined_shards, ends_shard
from stores.errors import StoreError

IDS = st.sets(st.text(min_size=1, max_size=4), max_size=80)
AVERAGES = st.integers(1, 9)
LARGEST = st.none() | st.integers(1, 12)


def _runs(ids: set[str], average: int) -> list[tuple[str, ...]]:
    """The ids between two content-defined ends, by a plain loop written from the definition."""
    runs: list[tuple[str, ...]] = []
    run: list[str] = []
    for item_id in sorted(ids):
        run.append(item_id)
        if int(hashlib.sha256(item_id.encode()).hexdigest(), 16) % average == 0:
            runs.append(tuple(run))
            run = []
    return [*runs, tuple(run)] if run else runs


@given(IDS, AVERAGES, LARGEST)
def test_shards_hold_each_id_once_in_order_and_within_the_size(
    ids: set[str], average: int, largest: int | None
) -> None:
    shards = content_defined_shards(list(ids), average, largest)
    assert [item_id for shard in shards for item_id in shard] == sorted(ids)
    assert all(1 <= len(shard) <= (largest or 4 * average) for shard in shards)


@given(IDS, AVERAGES, LARGEST, st.randoms())
def test_the_order_of_the_input_does_not_count(
    ids: set[str], average: int, largest: int | None, random: object
) -> None:
    shuffled = list(ids)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert content_defined_shards(shuffled, average, largest) == content_defined_shards(sorted(ids), average, largest)


@given(IDS, AVERAGES, st.integers(1, 12))
def test_shards_are_the_runs_between_content_defined_ends_cut_at_the_size(
    ids: set[str], average: int, largest: int
) -> None:
    wanted = [
        list(run[start : start + largest]) for run in _runs(ids, average) for start in range(0, len(run), largest)
    ]
    assert content_defined_shards(list(ids), average, largest) == wanted


@settings(max_examples=200)
@given(IDS, st.sets(st.text(min_size=1, max_size=4), max_size=6), AVERAGES, st.integers(1, 12))
def test_added_ids_change_only_the_runs_they_fall_into(
    ids: set[str], added: set[str], average: int, largest: int
) -> None:
    before = {tuple(shard) for shard in content_defined_shards(list(ids), average, largest)}
    after = {tuple(shard) for shard in content_defined_shards(list(ids | added), average, largest)}
    touched = [run for run in _runs(ids | added, average) if added.intersection(run)]
    # An added end also cuts off what follows it in its old run.
    followers = {run for run in _runs(ids | added, average) if any(set(run) < set(old) for old in _runs(ids, average))}
    allowed = {item_id for run in (*touched, *followers) for item_id in run}
    assert all(set(shard) <= allowed for shard in after - before)


def test_a_hundred_thousand_ids_come_in_shards_of_about_the_average_and_ten_more_redo_about_ten() -> None:
    ids = [f"image_{number:06d}" for number in range(100_000)]
    shards = content_defined_shards(ids)
    assert 55 < len(ids) / len(shards) < 75
    more = content_defined_shards([*ids, *(f"image_{number:06d}x" for number in range(0, 100_000, 10_000))])
    new = {tuple(shard) for shard in more} - {tuple(shard) for shard in shards}
    assert 10 <= len(new) <= 30


def test_cuts_by_count_alone_would_fail_the_same_comparison() -> None:
    ids = [f"image_{number:04d}" for number in range(2_000)]

    def by_count(items: list[str]) -> set[tuple[str, ...]]:
        return {tuple(items[start : start + 64]) for start in range(0, len(items), 64)}

    assert len(by_count(["image_0000a", *ids]) - by_count(ids)) > 30


def test_an_end_is_where_the_definition_says() -> None:
    item_id = next(str(number) for number in range(10_000) if ends_shard(str(number), 64))
    assert int(hashlib.sha256(item_id.encode()).hexdigest(), 16) % 64 == 0


def test_an_id_given_twice_and_sizes_below_one_are_refused() -> None:
    with pytest.raises(StoreError, match="'b' twice"):
        content_defined_shards(["b", "a", "b"])
    with pytest.raises(StoreError, match="average 0"):
        content_defined_shards(["a"], average=0)
    assert content_defined_shards([]) == []
