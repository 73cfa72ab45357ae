import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tests.oracles.faithfulness as oracle
from pipeline.errors import BadModel
from pipeline.evaluation import faithfulness
from pipeline.randomness import keyed_rng
from tests.pipeline.evaluation.broken_copy import broken_copy

HEIGHT, WIDTH, STEPS = 3, 4, 8
CANVAS = (127, 10, 255)
TIE_KEY = (7, "query 1")
WEIGHTS = np.random.default_rng(11).normal(size=(HEIGHT * WIDTH * 3, 5))


def embed(pixels_nhwc):
    vectors = pixels_nhwc.reshape(len(pixels_nhwc), -1) / 255.0 @ WEIGHTS
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def make_query():
    rng = np.random.default_rng(2)
    image = rng.integers(0, 256, size=(HEIGHT, WIDTH, 3), dtype=np.uint8)
    # Whole numbers, so that pixels tie; the last map equals the first.
    maps = rng.integers(0, 4, size=(3, HEIGHT, WIDTH)).astype(np.float32)
    maps[2] = maps[0]
    references = rng.normal(size=(3, 5))
    return image, maps, references / np.linalg.norm(references, axis=1, keepdims=True)


def tie_ranks():
    ranks = np.empty(HEIGHT * WIDTH, dtype=int)
    ranks[keyed_rng("saliency ties", *TIE_KEY).permutation(HEIGHT * WIDTH)] = np.arange(HEIGHT * WIDTH)
    return ranks


def compare_with_oracle(module):
    image, maps, references = make_query()
    results = module.faithfulness_of_query(embed, image, maps, references, CANVAS, TIE_KEY, STEPS)
    assert len(results) == 3
    ranks = tie_ranks()
    for result, saliency, reference in zip(results, maps, references, strict=True):
        curves = {
            insert: oracle.curve(
                lambda one: embed(one[None])[0], image, saliency, ranks, CANVAS, reference, insert, STEPS
            )
            for insert in (True, False)
        }
        blank, full = curves[True][0], curves[True][-1]
        np.testing.assert_allclose(result.insertion_curve, curves[True], atol=1e-12)
        np.testing.assert_allclose(result.deletion_curve, curves[False], atol=1e-12)
        assert result.insertion_auc == pytest.approx(oracle.own_range_area(curves[True]), abs=1e-10)
        assert result.deletion_auc == pytest.approx(oracle.own_range_area(curves[False]), abs=1e-10)
        anchored = oracle.anchored_area(curves[True], blank, full)
        assert result.insertion_auc_anchored == pytest.approx(anchored, abs=1e-10)
        anchored = oracle.anchored_area(curves[False], blank, full)
        assert result.deletion_auc_anchored == pytest.approx(anchored, abs=1e-10)


def test_curves_and_areas_are_the_slow_ones():
    compare_with_oracle(faithfulness)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("argsort(-values[shuffled]", "argsort(values[shuffled]"),
        ("shuffled[np.argsort(-values[shuffled], kind=", "shuffled[np.argsort(-values, kind="),
        ("rank_of_pixel < pixels_per_step", "rank_of_pixel <= pixels_per_step"),
        ("rank_of_pixel[ranking] = np.arange(ranking.size)", "rank_of_pixel[:] = ranking"),
        ("(steps + 1, height, width)", "(steps + 1, width, height).transpose(0, 2, 1)"),
        ("top_thw[..., None], canvas, pixels_hwc", "top_thw[..., None], pixels_hwc, canvas"),
        (
            "[ends_2d[1:], between[steps - 1 :], ends_2d[:1]]",
            "[ends_2d[:1], between[steps - 1 :], ends_2d[1:]]",
        ),
        ("references_kd[k], mask_d)", "references_kd[0], mask_d)"),
        ("(scores - lowest) / spread", "(scores.max() - scores) / spread"),
        ("blank_score) / gap", "full_score) / gap"),
        ("dx=1 / (values.size - 1)", "dx=1 / values.size"),
        (
            "anchored_auc(deletion, blank_score, full_score)",
            "anchored_auc(deletion, full_score, blank_score)",
        ),
    ],
)
def test_the_comparison_notices_mistakes(tmp_path, right, wrong):
    broken = broken_copy(faithfulness, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        compare_with_oracle(broken)


def test_first_and_last_images_are_blank_and_whole():
    image, maps, _ = make_query()
    ranking = faithfulness.pixel_ranking(maps[0], TIE_KEY)
    inserted = faithfulness.insertion_images(image, ranking, CANVAS)
    deleted = faithfulness.deletion_images(image, ranking, CANVAS)
    assert inserted.shape == deleted.shape == (101, HEIGHT, WIDTH, 3)
    assert inserted.dtype == deleted.dtype == np.uint8
    assert (inserted[0] == CANVAS).all()
    assert (deleted[-1] == CANVAS).all()
    np.testing.assert_array_equal(inserted[-1], image)
    np.testing.assert_array_equal(deleted[0], image)


def test_every_pixel_is_either_inserted_or_not_yet_deleted():
    image, maps, _ = make_query()
    ranking = faithfulness.pixel_ranking(maps[1], TIE_KEY)
    inserted = faithfulness.insertion_images(image, ranking, (0, 0, 0), STEPS).astype(int)
    deleted = faithfulness.deletion_images(image, ranking, (0, 0, 0), STEPS).astype(int)
    np.testing.assert_array_equal(inserted + deleted, np.broadcast_to(image, inserted.shape))


def test_steps_round_to_the_nearest_pixel_and_start_at_none():
    assert faithfulness.pixels_per_step(10, 4).tolist() == [0, 2, 5, 8, 10]
    assert faithfulness.pixels_per_step(112 * 112)[:3].tolist() == [0, 125, 251]


def test_ties_are_broken_per_query_and_alike_for_all_maps():
    constant = np.zeros((HEIGHT, WIDTH), dtype=np.float16)
    ranking = faithfulness.pixel_ranking(constant, TIE_KEY)
    assert sorted(ranking) == list(range(HEIGHT * WIDTH))
    np.testing.assert_array_equal(ranking, faithfulness.pixel_ranking(constant + 3, TIE_KEY))
    assert (ranking != faithfulness.pixel_ranking(constant, (7, "query 2"))).any()
    assert (ranking != faithfulness.pixel_ranking(constant, (8, "query 1"))).any()
    assert (ranking != np.arange(HEIGHT * WIDTH)).any()


def test_references_whose_maps_rank_alike_share_their_passes():
    image, maps, references = make_query()
    n_embedded = []

    def counting(pixels_nhwc):
        n_embedded.append(len(pixels_nhwc))
        return embed(pixels_nhwc)

    maps[2] = 2 * maps[0] + 1
    results = faithfulness.faithfulness_of_query(counting, image, maps, references, CANVAS, TIE_KEY, STEPS)
    assert sum(n_embedded) == 2 + 2 * 2 * (STEPS - 1)
    assert (results[0].insertion_curve != results[2].insertion_curve).any()


def test_all_maps_of_a_query_have_the_same_end_points():
    image, maps, references = make_query()
    same_reference = np.repeat(references[:1], 3, axis=0)
    results = faithfulness.faithfulness_of_query(embed, image, maps, same_reference, CANVAS, TIE_KEY, STEPS)
    ends = {(r.insertion_curve[0], r.insertion_curve[-1], r.deletion_curve[-1], r.deletion_curve[0]) for r in results}
    assert len(ends) == 1
    assert len(set(ends.pop())) == 2


def test_a_constant_map_and_a_blank_image_are_flagged():
    image, maps, references = make_query()
    maps[1] = 5
    results = faithfulness.faithfulness_of_query(embed, image, maps, references, CANVAS, TIE_KEY, STEPS)
    assert [r.is_constant for r in results] == [False, True, False]
    blank = np.broadcast_to(np.uint8(CANVAS), image.shape)
    for result in faithfulness.faithfulness_of_query(embed, blank, maps, references, CANVAS, TIE_KEY, STEPS):
        assert result.insertion_is_flat
        assert result.deletion_is_flat
        assert (result.insertion_auc, result.deletion_auc) == (0.5, 0.5)
        assert np.isnan([result.insertion_auc_anchored, result.deletion_auc_anchored]).all()


def test_known_areas():
    assert faithfulness.curve_measures(np.linspace(0.2, 0.8, 101)) == (pytest.approx(0.5), False)
    assert faithfulness.curve_measures(np.r_[0.0, np.ones(100)])[0] == pytest.approx(0.995)
    assert faithfulness.curve_measures(np.r_[0.5, np.full(100, 0.5 + 9e-5)]) == (0.5, True)
    assert faithfulness.anchored_auc(np.linspace(0.2, 0.8, 101), 0.2, 0.8) == pytest.approx(0.5)
    assert np.isnan(faithfulness.anchored_auc(np.zeros(101), 0.3, 0.319))
    # Unclipped: a curve above the full image's score has an area above 1.
    assert faithfulness.anchored_auc(np.full(101, 0.9), 0.0, 0.6) == pytest.approx(1.5)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 99), st.floats(0.01, 1))
def test_raising_any_score_raises_the_anchored_area_which_the_papers_need_not(seed, step, rise):
    curve = np.random.default_rng(seed).normal(size=101)
    higher = curve.copy()
    higher[step] += rise
    assert faithfulness.anchored_auc(higher, 0.1, 0.7) > faithfulness.anchored_auc(curve, 0.1, 0.7)
    area, _ = faithfulness.curve_measures(curve)
    scaled, _ = faithfulness.curve_measures(3 * curve + 2)
    assert scaled == pytest.approx(area)
    assert 0 <= area <= 1


def test_the_papers_area_is_not_monotone():
    dip = np.linspace(0, 1, 101)
    deeper = dip.copy()
    deeper[1] = -4.0
    # The deeper dip is the worse curve, yet its area is the larger one; the anchored area is not fooled.
    assert faithfulness.curve_measures(deeper)[0] > faithfulness.curve_measures(dip)[0]
    assert faithfulness.anchored_auc(deeper, 0, 1) < faithfulness.anchored_auc(dip, 0, 1)


def test_a_map_of_the_decisive_pixels_is_more_faithful_than_its_reverse():
    image, _, _ = make_query()
    decisive = np.arange(HEIGHT * WIDTH, dtype=float).reshape(HEIGHT, WIDTH)

    def sees_its_pixels(pixels_nhwc):
        # Similarity to the first axis grows with the weight of the pixels that are not blank.
        share = ((pixels_nhwc != np.uint8(CANVAS)).any(axis=3) * decisive**3).sum(axis=(1, 2))
        angle = np.pi / 2 * (1 - share / (decisive**3).sum())
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)

    maps = np.stack([decisive, -decisive])
    first_axis = np.array([[1.0, 0.0], [1.0, 0.0]])
    good, bad = faithfulness.faithfulness_of_query(sees_its_pixels, image, maps, first_axis, CANVAS, TIE_KEY, STEPS)
    assert good.insertion_auc > 0.7 > 0.3 > bad.insertion_auc
    assert good.deletion_auc_anchored < 0.3 < 0.7 < bad.deletion_auc_anchored


def test_bad_maps_and_models_are_refused():
    image, maps, references = make_query()
    maps[1, 0, 0] = np.nan
    with pytest.raises(BadModel, match="query 1"):
        faithfulness.faithfulness_of_query(embed, image, maps, references, CANVAS, TIE_KEY, STEPS)
    maps[1, 0, 0] = 0
    for bad_model in (
        lambda pixels: np.full((len(pixels), 5), np.nan),
        lambda pixels: np.zeros((len(pixels), 5)),
        lambda pixels: embed(pixels)[1:],
        lambda pixels: embed(pixels)[:, 0],
    ):
        with pytest.raises(BadModel):
            faithfulness.faithfulness_of_query(bad_model, image, maps, references, CANVAS, TIE_KEY, STEPS)
