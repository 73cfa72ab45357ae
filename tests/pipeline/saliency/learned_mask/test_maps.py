"""Masks of many pairs at once against the oracle's one pair at a time, and against themselves alone."""

import copy
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from pipeline.errors import BadModel, BadSetting
from pipeline.randomness import keyed_rng
from pipeline.saliency.contract import SaliencyMaps, SaliencyRequest
from pipeline.saliency.learned_mask import blurred_images as mask_images
from pipeline.saliency.learned_mask import descent as mask_descent
from pipeline.saliency.learned_mask import maps as mask_optimisation
from pipeline.saliency.learned_mask import pairs as mask_pairs
from pipeline.saliency.learned_mask.declaration import MaskSpec
from pipeline.saliency.learned_mask.maps import build_learned_mask
from pipeline.similarity.conditions import project
from pipeline.similarity.scorer import SimilarityScorer
from tests.oracles import mask as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.saliency.small_models import SIZE_PX, CountingNetwork, random_pixels, small_scorer

SPEC = MaskSpec(iterations=25, mask_cells=5, seed=4, smoothness_weight=0.6)
# Maps are returned in float32 whatever the network's dtype.
LARGEST_MAP_DIFFERENCE = 1e-7
LARGEST_LOSS_DIFFERENCE = 1e-10
# Between a float64 pair in a batch and alone. Not 0: matrix products may add in another order in a larger batch.
LARGEST_FLOAT64_DIFFERENCE = 1e-12
# Between final losses of a float32 pair in a batch and alone, after all 500 steps.
LARGEST_FLOAT32_LOSS_DIFFERENCE = 1e-3
CONDITIONS = np.random.default_rng(7).uniform(0.1, 1.5, (5, 12)).astype(np.float32) ** 2


def float64_scorer(batch_size: int = 100) -> SimilarityScorer:
    return SimilarityScorer(copy.deepcopy(small_scorer().network).double(), batch_size=batch_size)


def requests(with_conditions: bool = False) -> list[SaliencyRequest]:
    """Return two requests of 2 and 3 references."""
    pixels, found = random_pixels(7, seed=6), []
    embeddings = small_scorer().embed(pixels)
    for query, slots in ((0, range(2)), (1, range(2, 5))):
        rows = [2 + slot for slot in slots]
        masks = CONDITIONS[list(slots)] if with_conditions else None
        references = embeddings[rows] if masks is None else project(embeddings[rows], masks)
        ids = tuple(f"reference {row}" for row in rows)
        found.append(SaliencyRequest(f"query {query}", pixels[query], references, masks, ids, pixels[rows]))
    return found


def one_pair(request: SaliencyRequest, slot: int) -> SaliencyRequest:
    cut = slice(slot, slot + 1)
    masks, pixels = request.condition_masks_kd, request.reference_pixels_khwc
    assert pixels is not None
    return SaliencyRequest(
        request.query_id,
        request.pixels_hwc,
        request.reference_embeddings_kd[cut],
        None if masks is None else masks[cut],
        request.reference_ids[cut],
        pixels[cut],
    )


def noise(request: SaliencyRequest, slot: int, which: str) -> Iterator[np.ndarray]:
    generator = keyed_rng(SPEC.seed, request.query_id, request.reference_ids[slot], which, "mask noise")
    while True:
        yield generator.standard_normal((SIZE_PX, SIZE_PX, 3), dtype=np.float32)


@lru_cache
def expected(mode: str, with_conditions: bool) -> list[tuple[np.ndarray, list[float]]]:
    """Return the oracle's map at native resolution and its losses, of all pairs in order."""
    network, found = float64_scorer().network, []
    for request in requests(with_conditions):
        for slot in range(len(request.reference_embeddings_kd)):
            shown = [oracle.Shown(request.pixels_hwc, noise(request, slot, "query"))]
            if mode == "both":
                assert request.reference_pixels_khwc is not None
                shown.append(oracle.Shown(request.reference_pixels_khwc[slot], noise(request, slot, "reference")))
            masks, losses = oracle.masks_and_losses(
                shown,
                None if mode == "both" else request.reference_embeddings_kd[slot],
                np.ones(12) if request.condition_masks_kd is None else request.condition_masks_kd[slot],
                lambda image: network(image[None])[0],
                cells=SPEC.mask_cells,
                iterations=SPEC.iterations,
                smoothness=SPEC.smoothness_weight,
            )
            found.append((1 - masks[0], losses))
    return found


def assert_equals_oracle(mode: str, with_conditions: bool) -> None:
    results = build_learned_mask(SPEC, mode, float64_scorer())(requests(with_conditions))
    maps = np.concatenate([result.native_khw for result in results])
    losses = np.concatenate([result.notes["final_loss"] for result in results])
    assert maps.dtype == np.float32
    for actual, loss, (map_cc, losses_t) in zip(maps, losses, expected(mode, with_conditions), strict=True):
        np.testing.assert_allclose(actual, map_cc, rtol=0, atol=LARGEST_MAP_DIFFERENCE)
        np.testing.assert_allclose(loss, losses_t[-1], rtol=0, atol=LARGEST_LOSS_DIFFERENCE)


@pytest.mark.parametrize("with_conditions", [False, True])
@pytest.mark.parametrize("mode", ["fixed", "both"])
def test_masks_equal_the_oracle(mode: str, with_conditions: bool) -> None:
    assert_equals_oracle(mode, with_conditions)
    # The case can tell maps apart.
    maps = np.stack([map_cc for map_cc, _ in expected(mode, with_conditions)])
    assert maps.std(axis=0).max() > 0.1
    assert maps.min() == 0 < maps.max()


@pytest.mark.parametrize(
    ("module", "user", "name", "right", "wrong"),
    [
        (mask_descent, mask_optimisation, "descend", "(1 - self.first_decay**self._count)", "1.0"),
        (mask_descent, mask_optimisation, "descend", "(1 - self.second_decay**self._count)", "1.0"),
        (mask_descent, mask_optimisation, "descend", ".clamp_(0, 1)", ""),
        (mask_descent, mask_optimisation, "descend", "masks_pncc - adam", "masks_pncc + adam"),
        (mask_descent, mask_optimisation, "descend", "change * change.abs()", "change"),
        (mask_descent, mask_optimisation, "descend", "-sparsity_weight", "sparsity_weight"),
        (mask_descent, mask_optimisation, "descend", "sub_(slope)", "add_(slope)"),
        (mask_images, mask_pairs, "MaskedImages", "align_corners=False", "align_corners=True"),
        (mask_images, mask_pairs, "MaskedImages", "repeat_interleave(CHANNELS, dim=0)", "repeat(CHANNELS, 1)"),
        (mask_images, mask_pairs, "blur", "array(pixels_hwc), blur_px", "array(pixels_hwc), 3"),
        (mask_images, mask_pairs, "MaskedImages", "alpha=noise_deviation", "alpha=1"),
        (
            mask_images,
            mask_pairs,
            "MaskedImages",
            "enumerate(self._noise_n)",
            "enumerate(self._noise_n[:1] * len(self))",
        ),
        (mask_pairs, mask_optimisation, "PairBatch", "* conditions_pd[:, None]", "* 1"),
        (mask_pairs, mask_optimisation, "PairBatch", "(seed, pair.request.query_id,", "(seed, 0,"),
        (mask_pairs, mask_optimisation, "PairBatch", "(rows)).to(", "(rows).copy()[::-1].copy()).to("),
    ],
)
def test_comparator_rejects_broken_copies(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    user: ModuleType,
    name: str,
    right: str,
    wrong: str,
) -> None:
    monkeypatch.setattr(user, name, getattr(broken_copy(module, tmp_path, right, wrong), name))
    with pytest.raises(AssertionError):
        assert_equals_oracle("fixed", with_conditions=True)


def test_the_comparator_rejects_a_shared_smoothness_term_and_one_noise_for_both_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaking = broken_copy(mask_descent, tmp_path, "values_pn.sum(dim=1)", "values_pn.mean(dim=1)")
    monkeypatch.setattr(mask_optimisation, "descend", leaking.descend)
    with pytest.raises(AssertionError):
        assert_equals_oracle("both", with_conditions=False)
    monkeypatch.undo()
    same = broken_copy(mask_pairs, tmp_path, "[pair.slot], which, ", '[pair.slot], "query", ')
    monkeypatch.setattr(mask_optimisation, "PairBatch", same.PairBatch)
    with pytest.raises(AssertionError):
        assert_equals_oracle("both", with_conditions=False)


def alone_and_together(
    spec: MaskSpec, mode: str, scorer: SimilarityScorer, asked: Sequence[SaliencyRequest]
) -> list[tuple[SaliencyMaps, SaliencyMaps, int]]:
    generator = build_learned_mask(spec, mode, scorer)
    return [
        (generator([one_pair(request, slot)])[0], together, slot)
        for request, together in zip(asked, generator(asked), strict=True)
        for slot in range(len(request.reference_embeddings_kd))
    ]


@pytest.mark.parametrize("mode", ["fixed", "both"])
@pytest.mark.parametrize(("pairs_per_batch", "patience"), [(32, None), (2, None), (32, 8)])
def test_in_float64_a_pair_gets_what_it_would_get_alone(mode: str, pairs_per_batch: int, patience: int | None) -> None:
    spec = MaskSpec(90, mask_cells=5, seed=4, pairs_per_batch=pairs_per_batch, patience=patience, tolerance=0.03)
    stops = set()
    for alone, together, slot in alone_and_together(spec, mode, float64_scorer(), requests(with_conditions=True)):
        np.testing.assert_array_equal(alone.native_khw[0], together.native_khw[slot])
        np.testing.assert_array_equal(alone.display_khw[0], together.display_khw[slot])
        for name, values_k in together.notes.items():
            assert abs(alone.notes[name][0] - values_k[slot]) <= LARGEST_FLOAT64_DIFFERENCE
        stops.add(int(together.notes["iterations"][slot]))
    if patience:
        assert len(stops) > 1, "pairs stop at different iterations, so that the batch shrinks"
    else:
        assert stops == {90}


def test_requests_with_and_without_conditions_share_a_batch() -> None:
    mixed = [requests(with_conditions=True)[0], requests(with_conditions=False)[1]]
    for alone, together, slot in alone_and_together(SPEC, "fixed", float64_scorer(), mixed):
        np.testing.assert_array_equal(alone.native_khw[0], together.native_khw[slot])


def test_in_float32_500_steps_move_the_final_loss_by_rounding_only() -> None:
    spec = MaskSpec(mask_cells=5, seed=4)
    results = alone_and_together(spec, "fixed", small_scorer(batch_size=100), requests()[:1])
    for alone, together, slot in results:
        difference = abs(alone.notes["final_loss"][0] - together.notes["final_loss"][slot])
        assert difference <= LARGEST_FLOAT32_LOSS_DIFFERENCE
    # The bound is a small part of what the descent changes.
    assert np.ptp([together.notes["final_loss"][slot] for _, together, slot in results]) > 0.05


def test_pairs_that_stopped_cost_no_more_passes() -> None:
    counting = CountingNetwork(small_scorer().network)
    spec = MaskSpec(90, mask_cells=5, seed=4, patience=8, tolerance=0.03)
    results = build_learned_mask(spec, "both", SimilarityScorer(counting))(requests())
    iterations = np.concatenate([result.notes["iterations"] for result in results])
    assert sum(result.gradient_passes for result in results) == counting.images == 2 * iterations.sum()
    assert counting.images < 2 * 90 * len(iterations)
    assert len({batch[0] for batch in counting.batches}) > 1


@pytest.mark.parametrize(("mode", "largest"), [("fixed", 3), ("both", 2)])
def test_batches_keep_within_the_scorers(mode: str, largest: int) -> None:
    counting = CountingNetwork(small_scorer().network)
    build_learned_mask(MaskSpec(2, mask_cells=5), mode, SimilarityScorer(counting, batch_size=3))(requests())
    assert max(batch[0] for batch in counting.batches) == largest


def test_bfloat16_is_of_the_network_only() -> None:
    counting = CountingNetwork(small_scorer().network)
    [result] = build_learned_mask(MaskSpec(2, mask_cells=5), "fixed", SimilarityScorer(counting, precision="bfloat16"))(
        requests()[:1]
    )
    assert counting.dtypes == {torch.float32, torch.bfloat16}
    assert np.isfinite(result.notes["final_loss"]).all()


def test_the_same_request_returns_the_same_bytes_and_another_seed_other_ones() -> None:
    first, again, other = (
        build_learned_mask(MaskSpec(10, mask_cells=5, seed=seed), "fixed", small_scorer())(requests())[0].native_khw
        for seed in (1, 1, 2)
    )
    assert first.tobytes() == again.tobytes()
    assert np.abs(first - other).max() > 1e-4


def test_notes_tell_how_the_loss_went() -> None:
    [result] = build_learned_mask(MaskSpec(60, mask_cells=5, seed=4), "fixed", float64_scorer())(requests()[:1])
    [shorter] = build_learned_mask(MaskSpec(50, mask_cells=5, seed=4), "fixed", float64_scorer())(requests()[:1])
    np.testing.assert_array_equal(result.notes["loss_at_50"], shorter.notes["final_loss"])
    for name in ("loss_at_100", "loss_at_250"):
        np.testing.assert_array_equal(result.notes[name], result.notes["final_loss"])
    assert (result.notes["loss_at_50"] != result.notes["final_loss"]).all()


def test_nothing_collects_gradients_of_the_network() -> None:
    scorer = small_scorer()
    build_learned_mask(MaskSpec(2, mask_cells=5), "both", scorer)(requests())
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in scorer.network.parameters())


def test_it_works_where_gradients_are_switched_off() -> None:
    with torch.no_grad():
        build_learned_mask(MaskSpec(2, mask_cells=5), "fixed", small_scorer())(requests())


class Zero(torch.nn.Module):
    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        return images_nchw.mean(dim=(2, 3)) * 0


class Detached(torch.nn.Module):
    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        return images_nchw.mean(dim=(2, 3)).detach()


@pytest.mark.parametrize(("network", "message"), [(Zero(), "query query 0"), (Detached(), "cut off from its input")])
def test_networks_that_cannot_be_explained_are_refused(network: torch.nn.Module, message: str) -> None:
    asked = SaliencyRequest("query 0", random_pixels(1)[0], np.ones((1, 3), np.float32), None, ("reference",))
    with pytest.raises(BadModel, match=message):
        build_learned_mask(MaskSpec(3), "fixed", SimilarityScorer(network))([asked])


def test_requests_that_lack_something_are_refused() -> None:
    asked = SaliencyRequest("query 0", random_pixels(1)[0], np.ones((1, 12), np.float32))
    with pytest.raises(BadSetting, match="reference_ids"):
        build_learned_mask(MaskSpec(3), "fixed", small_scorer())([asked])
    with pytest.raises(BadSetting, match="reference_pixels_khwc"):
        build_learned_mask(MaskSpec(3), "both", small_scorer())([asked])


@pytest.mark.parametrize(
    "spec",
    [
        MaskSpec(iterations=0),
        MaskSpec(blur_px=10),
        MaskSpec(mask_cells=1),
        MaskSpec(patience=0),
        MaskSpec(learning_rate=0),
        MaskSpec(noise_deviation=-0.1),
    ],
)
def test_bad_settings_are_refused(spec: MaskSpec) -> None:
    with pytest.raises(BadSetting, match=r"saliency\.mask"):
        build_learned_mask(spec, "fixed", small_scorer())
