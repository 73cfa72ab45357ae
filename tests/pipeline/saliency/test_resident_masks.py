"""Masks that are made once are the masks that are made again and again, and only where they fit."""

import numpy as np
import pytest
import torch

from pipeline.saliency import resident_masks
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.perturbations import GivenMasks, MaskSource
from pipeline.saliency.resident_masks import ResidentMasks, make_resident, resident
from pipeline.saliency.rise.maps import build_rise_with_masks
from pipeline.saliency.rise.masks import draw_masks
from pipeline.saliency.sliding_window.declaration import SlidingWindowSpec
from pipeline.saliency.sliding_window.maps import build_sliding_window_with_masks, query_windows
from tests.pipeline.saliency.small_models import SIZE_PX, display_maps, random_pixels, small_scorer

SOURCES: dict[str, MaskSource] = {
    "drawn": draw_masks(1, 23, 8, 0.5, SIZE_PX),
    "windows": query_windows(SlidingWindowSpec(windows_per_side=11), SIZE_PX),
    "given": GivenMasks(np.random.default_rng(0).random((7, SIZE_PX, SIZE_PX)).astype(np.float32)),
}


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("at_once", [1, 5, 1000])
def test_they_are_the_same_masks(monkeypatch: pytest.MonkeyPatch, name: str, at_once: int) -> None:
    monkeypatch.setattr(resident_masks, "RENDERED_AT_ONCE", at_once)
    source = SOURCES[name]
    kept = make_resident(source, "cpu")
    assert (len(kept), kept.image_size_px) == (len(source), SIZE_PX)
    for start, stop, channels in ((0, len(source), 1), (2, 6, 3), (len(source) - 1, len(source), 3)):
        expected = source.render(start, stop, "cpu", channels)
        assert torch.equal(kept.render(start, stop, "cpu", channels), expected)
        assert not torch.equal(kept.render(start, stop, "cpu", channels).flip(-1), expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_returned_is_the_caller_s_to_overwrite(channels: int) -> None:
    kept = make_resident(SOURCES["drawn"], "cpu")
    before = kept.masks_nhw.clone()
    kept.render(0, 3, "cpu", channels).mul_(0)
    assert torch.equal(kept.masks_nhw, before)


@pytest.mark.parametrize("build", [build_rise_with_masks, build_sliding_window_with_masks])
def test_maps_are_the_same_to_the_byte(build: object) -> None:
    assert callable(build)
    scorer, pixels = small_scorer(batch_size=10), random_pixels(3)
    request = SaliencyRequest("query", pixels[0], scorer.embed(pixels[1:]))
    plain = display_maps(build(SOURCES["drawn"], scorer), request)
    assert display_maps(build(make_resident(SOURCES["drawn"], "cpu"), scorer), request).tobytes() == plain.tobytes()


def test_a_processor_makes_them_batch_by_batch() -> None:
    assert resident(SOURCES["drawn"], "cpu") is SOURCES["drawn"]


def test_an_accelerator_keeps_those_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    # "meta" stands for a device that is no processor: its tensors have a shape and no values.
    draws = draw_masks(1, 4, 8, 0.5, SIZE_PX)
    monkeypatch.setattr(resident_masks, "LARGEST_BYTES", 4 * SIZE_PX**2 * 4)
    assert isinstance(resident(draws, "meta"), ResidentMasks)
    monkeypatch.setattr(resident_masks, "LARGEST_BYTES", 4 * SIZE_PX**2 * 4 - 1)
    assert resident(draws, "meta") is draws
