"""Superpixel cells and half-size passes: worlds in which the map is known, and the tables of small runs."""

import numpy as np
import pytest

from benchmarks.fewer_passes import CORRECTED, HALF_SIZE, SUPERPIXELS, PassNumbers, QueryPasses, measured_tables
from benchmarks.half_size_passes import corrected_map, halved_image, halved_masks, score_map, slope_of_halves
from benchmarks.joint_map_methods import CuttableMasks
from benchmarks.joint_map_passes import MaskNumbers, PairPasses, rank_correlation
from benchmarks.joint_map_passes import measured_tables as joint_tables
from benchmarks.joint_map_tables import queries_needed
from benchmarks.rise_schemes import Explained
from benchmarks.superpixel_masks import SuperpixelMasks, cell_regression, soft_superpixels
from pipeline.randomness import keyed_rng
from pipeline.saliency.perturbed_embeddings import embed_perturbations
from pipeline.saliency.rise.maps import BALANCED_REGRESSION
from tests.flows.fake_outfits import write_outfit_config
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun

SIZE = 32
LENGTHS = (50, 100, 200, 400)
NUMBERS = PassNumbers((20, 40), (20, 40))


def _two_colours() -> np.ndarray:
    """Return an image of a bright and a dark half with an oblique border."""
    y, x = np.mgrid[:SIZE, :SIZE]
    return np.where((2 * x + y < 48)[:, :, None], [200, 180, 40], [20, 40, 90]).astype(np.uint8)


def test_soft_superpixels_share_out_every_pixel_and_follow_edges() -> None:
    pixels_hwc = _two_colours()
    cells_cyx = soft_superpixels(pixels_hwc, 16)
    assert 8 <= len(cells_cyx) <= 24
    np.testing.assert_allclose(cells_cyx.sum(axis=0), 1, atol=1e-5)
    assert cells_cyx.min() >= 0
    # Soft: more values than the two of sharp edges.
    assert ((cells_cyx > 0.2) & (cells_cyx < 0.8)).any()
    bright_hw = pixels_hwc[:, :, 0] > 100
    of_bright_c = (cells_cyx * bright_hw).sum(axis=(1, 2)) / cells_cyx.sum(axis=(1, 2))
    squares_cyx = np.zeros((16, SIZE, SIZE))
    for cell in range(16):
        squares_cyx[cell, cell // 4 * 8 :, cell % 4 * 8 :][:8, :8] = 1
    of_squares_c = (squares_cyx * bright_hw).sum(axis=(1, 2)) / 64
    # Cells are of either half, where squares are of both.
    assert np.minimum(of_bright_c, 1 - of_bright_c).mean() < np.minimum(of_squares_c, 1 - of_squares_c).mean()


def test_masks_of_superpixels_come_in_balanced_complements() -> None:
    masks = SuperpixelMasks(soft_superpixels(_two_colours(), 16), LENGTHS)
    rendered_nyx = masks.masks.render(0, 400).numpy()
    assert rendered_nyx.min() >= -1e-6
    assert rendered_nyx.max() <= 1 + 1e-6
    np.testing.assert_allclose(rendered_nyx[:25] + rendered_nyx[25:50], 1, atol=1e-5)
    np.testing.assert_allclose(rendered_nyx[200:300] + rendered_nyx[300:], 1, atol=1e-5)
    assert masks.masks.render(3, 5, channels=3).shape == (2, SIZE, 3 * SIZE)


def test_the_map_of_a_score_that_is_linear_in_cells_is_exact() -> None:
    cells_cyx = soft_superpixels(_two_colours(), 16)
    masks = SuperpixelMasks(cells_cyx, LENGTHS)
    effects_c = keyed_rng(0, "effects").normal(size=len(cells_cyx))
    scores_n = 0.7 + masks.masks.is_kept_nc @ effects_c
    # Cov(mask, score) / mean mask at a probability of a half: half of the cells' effects, mixed as the cells are.
    wanted_hw = 0.5 * np.tensordot(effects_c, cells_cyx, axes=1)
    np.testing.assert_allclose(masks.rise_map(scores_n, 400), wanted_hw, atol=2e-3 * np.ptp(wanted_hw))
    # Of the masks' own order, not of another.
    assert not np.allclose(masks.rise_map(scores_n[::-1], 400), wanted_hw, atol=0.1 * np.ptp(wanted_hw))
    regression = cell_regression(masks.masks.is_kept_nc[[0, 1, 25, 26]], cells_cyx)
    assert regression.maps_rp.shape == (2, SIZE * SIZE)


def test_halves_are_means_of_two_by_two_pixels() -> None:
    pixels_hwc = keyed_rng(0, "pixels").integers(0, 256, (4, 6, 3), dtype=np.uint8)
    halved = halved_image(pixels_hwc)
    assert halved.shape == (2, 3, 3)
    assert abs(float(halved[1, 2, 0]) - pixels_hwc[2:4, 4:6, 0].mean()) <= 0.5
    masks = CuttableMasks(BALANCED_REGRESSION, LENGTHS, 4, SIZE).draws
    whole_nyx = masks.render(0, 7).numpy()
    found_nyx = halved_masks(masks).render(0, 7).numpy()
    assert found_nyx[6, 3, 5] == pytest.approx(whole_nyx[6, 6:8, 10:12].mean())


def test_few_passes_at_full_size_correct_many_at_half_size() -> None:
    masks = CuttableMasks(BALANCED_REGRESSION, (*LENGTHS, 1600), 4, SIZE)
    few, many = masks.first(50), masks.first(1600)
    shown = masks.draws.render(0, 1600).numpy()
    both_n, own_n = shown[:, :8, :16].mean(axis=(1, 2)), shown[:, 20:28, :8].mean(axis=(1, 2))
    noise_n = 0.2 * keyed_rng(0, "noise").normal(size=(2, 1600))
    full_n, half_n = 2 * both_n + own_n, 0.5 * both_n + 0.1 * noise_n[0]
    exact_hw = score_map(many, full_n)
    corrected_hw = corrected_map(full_n[:400], half_n, few, many)
    assert rank_correlation(corrected_hw, exact_hw) > rank_correlation(score_map(many, half_n), exact_hw)
    same_hw = corrected_map(half_n[:400] * 3, half_n, few, many)
    np.testing.assert_allclose(same_hw, score_map(many, half_n) * 3, atol=1e-5)
    assert slope_of_halves(3 * half_n, half_n) == pytest.approx(3)
    assert not np.allclose(corrected_hw, score_map(many, half_n))


def test_more_queries_are_needed_where_differences_spread_more() -> None:
    base_q, noise_q = np.zeros(200), keyed_rng(0, "spread").normal(size=200)
    noise_q /= noise_q.std(ddof=1)
    # (1.645 + 0.842)^2 x (0.01 / 0.003)^2
    assert queries_needed(0.01 * noise_q, base_q) == 69
    assert queries_needed(0.02 * noise_q, base_q) == 275
    assert queries_needed(np.concatenate([0.01 * noise_q, [np.nan]]), np.zeros(201)) == 69
    assert queries_needed(np.array([0.1, np.nan]), np.zeros(2)) is None


def test_the_tables_of_a_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    run = FinishedRun(write_config(tmp_path_factory.mktemp("run")))
    run.run(until="true_effects.test")
    options = {"queries": 3, "exact": 2, "exact_masks": 40, "steps": 4}
    tables = measured_tables(run.settings(), options, NUMBERS)
    lines = tables.splitlines()
    assert lines[0].startswith("3 queries; a half-size pass took ")
    for kind in (SUPERPIXELS, HALF_SIZE, CORRECTED):
        # Three measures, the queries needed for each, and agreement.
        assert len([line for line in lines if f"| {kind}, 8 | RISE |" in line]) == 3 + 3 + 1


def test_pairs_are_compared_under_their_conditions(tmp_path_factory: pytest.TempPathFactory) -> None:
    run = FinishedRun(write_outfit_config(tmp_path_factory.mktemp("outfits")))
    run.run(until="similarities.test")
    explained = Explained(run.settings())
    query, (reference, *_) = explained.queries[0]
    pair = (query, reference)
    mask_d = explained.conditions.mask_of(explained.condition_of[pair])
    assert mask_d is not None
    passes = QueryPasses(explained, NUMBERS)
    balanced = passes.maps(pair)[
        NUMBERS.keys.index(next(k for k in NUMBERS.keys if k.scheme == BALANCED_REGRESSION)) + 1
    ]
    masks = CuttableMasks(BALANCED_REGRESSION, (10, 20, 40), 8, explained.size).first(40)
    embeddings_nd = embed_perturbations(explained.scorer, explained.images.of(query), masks.draws).numpy()
    raw_d = explained.embeddings.of([reference])[0] * mask_d
    scores_n = np.array([one @ raw_d / np.linalg.norm(one) / np.linalg.norm(raw_d) for one in embeddings_nd * mask_d])
    whole_n = np.empty(40)
    whole_n[masks.places_n] = scores_n
    np.testing.assert_allclose(balanced, score_map(masks, whole_n), atol=1e-5)
    general_n = np.empty(40)
    general_n[masks.places_n] = embeddings_nd @ explained.embeddings.of([reference])[0]
    assert not np.allclose(balanced, score_map(masks, general_n), atol=1e-4)
    # The same of maps of both images' passes.
    both = PairPasses(explained, MaskNumbers((20,), (20, 40), (20,)), exact_masks=0)
    assert np.isfinite(both.maps(*pair)).all()
    options = {"queries": 2, "exact": 1, "exact_masks": 40, "steps": 4}
    assert "nan" not in joint_tables(run.settings(), options, MaskNumbers((20, 40), (20, 40), (20,)))
    assert "nan" not in measured_tables(run.settings(), {**options, "exact": 0}, NUMBERS)
