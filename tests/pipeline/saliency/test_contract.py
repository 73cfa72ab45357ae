"""What the contract lets through."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import BadModel, BadSetting
from pipeline.saliency.contract import SaliencyMaps, SaliencyRequest, checked, one_by_one, pipelined, required

REQUEST = SaliencyRequest("lion 7", np.zeros((4, 6, 3), np.uint8), np.ones((2, 5), np.float32))
GOOD = np.zeros((2, 4, 6), np.float32)


def check(maps: SaliencyMaps) -> SaliencyMaps:
    return checked(one_by_one(lambda _: maps), "rise")([REQUEST])[0]


def test_good_maps_come_back_as_they_are() -> None:
    maps = SaliencyMaps(GOOD, np.zeros((2, 3, 3), np.float32), notes={"loss": np.zeros(2)})
    assert check(maps) is maps


@pytest.mark.parametrize("shape", [(1, 4, 6), (2, 6, 4), (4, 6), (2, 4, 6, 1)])
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadModel, match=r"display maps, float32 \(2, 4, 6\)") as error:
        check(SaliencyMaps(np.zeros(shape, np.float32), GOOD))
    assert str(shape) in error.value.found
    assert "query lion 7" in error.value.where


@pytest.mark.parametrize("native", [np.zeros((3, 2, 2), np.float32), np.zeros((2, 2), np.float32), np.zeros((2, 2, 2))])
def test_native_maps_of_another_shape_or_type_are_refused(native: np.ndarray) -> None:
    with pytest.raises(BadModel, match="native maps, float32"):
        check(SaliencyMaps(GOOD, native))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(value: float) -> None:
    broken = GOOD.copy()
    broken[1, 2, 3] = value
    with pytest.raises(BadModel, match=r"finite display maps[\s\S]*1 of 48 values not finite"):
        check(SaliencyMaps(broken, GOOD))
    with pytest.raises(BadModel, match="finite native maps"):
        check(SaliencyMaps(GOOD, broken))


def test_notes_and_results_are_counted() -> None:
    with pytest.raises(BadModel, match="note loss: a figure per reference"):
        check(SaliencyMaps(GOOD, GOOD, notes={"loss": np.zeros(3)}))
    with pytest.raises(BadModel, match="1 results"):
        checked(lambda _: [], "rise")([REQUEST])


def test_what_a_generator_needs_is_asked_for_by_name() -> None:
    with pytest.raises(BadSetting, match="requests with reference_pixels_khwc"):
        required(REQUEST.reference_pixels_khwc, "reference_pixels_khwc", "mask")
    assert required(3, "a number", "mask") == 3


def test_work_is_launched_one_request_ahead_and_results_keep_their_order() -> None:
    events: list[str] = []

    def launch(request: SaliencyRequest) -> Callable[[], SaliencyMaps]:
        events.append(f"launch {request.query_id}")

        def collect() -> SaliencyMaps:
            events.append(f"collect {request.query_id}")
            maps_khw = np.full((2, 4, 4), float(request.query_id), dtype=np.float32)
            return SaliencyMaps(maps_khw, maps_khw)

        return collect

    generator = pipelined(launch)
    found = generator([replace(REQUEST, query_id=name) for name in "123"])
    assert [maps.display_khw[0, 0, 0] for maps in found] == [1, 2, 3]
    assert events == ["launch 1", "launch 2", "collect 1", "launch 3", "collect 2", "collect 3"]
    assert generator([]) == []
