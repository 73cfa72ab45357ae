from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn

import tests.oracles.faithfulness as oracle
from pipeline.errors import BadModel
from pipeline.evaluation import curves, faithfulness, manipulated_images
from pipeline.images import IMAGENET_DEVIATION_RGB, IMAGENET_MEAN_RGB, normalise_pixels
from pipeline.randomness import keyed_rng
from pipeline.similarity.scorer import SimilarityScorer
from tests.pipeline.evaluation.broken_copy import broken_copy

HEIGHT, WIDTH, STEPS = 3, 4, 8
CANVAS = (127, 10, 255)
TIE_KEY = (7, "query 1")
# Embeddings are float32.
ROUNDING = 1e-6
WEIGHTS = np.random.default_rng(11).normal(size=(HEIGHT * WIDTH * 3, 5))


def embed(pixels_nhwc):
    vectors = pixels_nhwc.reshape(len(pixels_nhwc), -1) / 255.0 @ WEIGHTS
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class OnPixels(nn.Module):
    """A network that gives uint8 images back to a function, and sees that they are such."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.batches = []

    def forward(self, images_nchw):
        values = images_nchw.permute(0, 2, 3, 1).double().numpy() * IMAGENET_DEVIATION_RGB + IMAGENET_MEAN_RGB
        pixels = np.rint(values * 255)
        np.testing.assert_allclose(values * 255, pixels, atol=1e-3)
        self.batches.append(len(pixels))
        return torch.tensor(self.function(pixels.astype(np.uint8)))


def scorer_of(function, batch_size=5):
    return SimilarityScorer(OnPixels(function), batch_size=batch_size)


def curves_of(function, image, maps, references, steps=STEPS):
    return faithfulness.faithfulness_of_query(
        scorer_of(function), image, maps, references, CANVAS, TIE_KEY, steps
    ).curves


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
    # Batches of 5 go across the curves of 7 steps and across rankings.
    results = module.faithfulness_of_query(scorer_of(embed), image, maps, references, CANVAS, TIE_KEY, STEPS).curves
    assert len(results) == 3
    ranks = tie_ranks()
    for result, saliency, reference in zip(results, maps, references, strict=True):
        slow = {
            insert: oracle.curve(
                lambda one: embed(one[None])[0], image, saliency, ranks, CANVAS, reference, insert, STEPS
            )
            for insert in (True, False)
        }
        blank, full = slow[True][0], slow[True][-1]
        np.testing.assert_allclose(result.insertion_curve, slow[True], atol=ROUNDING)
        np.testing.assert_allclose(result.deletion_curve, slow[False], atol=ROUNDING)
        assert result.insertion_auc == pytest.approx(oracle.own_range_area(slow[True]), abs=10 * ROUNDING)
        assert result.deletion_auc == pytest.approx(oracle.own_range_area(slow[False]), abs=10 * ROUNDING)
        anchored = oracle.anchored_area(slow[True], blank, full)
        assert result.insertion_auc_anchored == pytest.approx(anchored, abs=10 * ROUNDING)
        anchored = oracle.anchored_area(slow[False], blank, full)
        assert result.deletion_auc_anchored == pytest.approx(anchored, abs=10 * ROUNDING)


def test_curves_and_areas_are_the_slow_ones():
    compare_with_oracle(faithfulness)


@pytest.mark.parametrize(
    ("module", "right", "wrong"),
    [
        (manipulated_images, "argsort(-values[shuffled]", "argsort(values[shuffled]"),
        (manipulated_images, "shuffled[np.argsort(-values[shuffled], kind=", "shuffled[np.argsort(-values, kind="),
        (manipulated_images, "torch.lt(", "torch.le("),
        (manipulated_images, "ranks_v[ranking_v] = np.arange(len(ranking_v))", "ranks_v[:] = ranking_v"),
        (manipulated_images, "_ranks_ui[ranking]", "_ranks_ui[0]"),
        (manipulated_images, "lerp(rest_i, top_i", "lerp(top_i, rest_i"),
        (manipulated_images, "(self._shape[2], dim=1)", "(1, dim=1).repeat(1, 3)"),
        (manipulated_images, "self._query_i) if is_deletion", "self._query_i) if not is_deletion"),
        (manipulated_images, "stack([self._blank_i, self._query_i])", "stack([self._query_i, self._blank_i])"),
        (manipulated_images, "steps)[1:-1]", "steps)[:-2]"),
        (manipulated_images, "divmod(curve, 2)", "divmod(curve, 2)[::-1]"),
        (manipulated_images, "[step : step + len(images_ni)]", "[: len(images_ni)]"),
        (faithfulness, "[full_1d, deleted_td, blank_1d]", "[blank_1d, deleted_td, full_1d]"),
        (faithfulness, "blank_1d, full_1d = ", "full_1d, blank_1d = "),
        (faithfulness, "(len(distinct), 2, steps - 1, -1)", "(2, len(distinct), steps - 1, -1).swapaxes(0, 1)"),
        (
            faithfulness,
            "deletion = _scores(np.concatenate([full_1d, deleted_td, blank_1d]), references_kd[k]",
            "deletion = _scores(np.concatenate([full_1d, deleted_td, blank_1d]), references_kd[0]",
        ),
        (faithfulness, "between[place[key]]", "between[0]"),
        (curves, "(scores - lowest) / spread", "(scores.max() - scores) / spread"),
        (curves, "blank_score) / gap", "full_score) / gap"),
        (curves, "dx=1 / (values.size - 1)", "dx=1 / values.size"),
        (curves, "anchored_auc(deletion, blank_score, full_score)", "anchored_auc(deletion, full_score, blank_score)"),
    ],
)
def test_the_comparison_notices_mistakes(tmp_path, monkeypatch, module, right, wrong):
    broken = broken_copy(module, tmp_path, right, wrong)
    if module is faithfulness:
        under_test = broken
    else:
        # The query's own module, whole, with its names taken from the broken one.
        under_test = faithfulness
        for name in ("ManipulatedImages", "pixel_ranking", "curve_pair"):
            if hasattr(broken, name):
                monkeypatch.setattr(faithfulness, name, getattr(broken, name))
    with pytest.raises(AssertionError):
        compare_with_oracle(under_test)


def test_networks_get_the_manipulated_uint8_images_to_the_bit():
    image, maps, _ = make_query()
    ranks = tie_ranks()
    rankings = [manipulated_images.pixel_ranking(one_map, TIE_KEY) for one_map in maps[:2]]
    images = manipulated_images.ManipulatedImages(image, rankings, CANVAS, STEPS, "cpu")
    slow = [np.broadcast_to(np.uint8(CANVAS), image.shape), image]
    for one_map in maps[:2]:
        for insert in (True, False):
            shares = [Fraction(t, STEPS) for t in range(1, STEPS)]
            slow += [oracle.manipulated(image, one_map, ranks, CANVAS, share, insert) for share in shares]
    assert len(images) == len(slow) == 30
    expected = normalise_pixels(np.stack(slow))
    for batch_size in (1, 5, 7, 30, 100):
        batches = list(images.batches(batch_size))
        assert [len(batch) for batch in batches[:-1]] == [batch_size] * (len(batches) - 1)
        assert all(batch.permute(0, 2, 3, 1).is_contiguous() for batch in batches)
        assert torch.equal(torch.cat(batches), expected)


def test_steps_round_to_the_nearest_pixel_and_start_at_none():
    assert manipulated_images.pixels_per_step(10, 4).tolist() == [0, 2, 5, 8, 10]
    assert manipulated_images.pixels_per_step(112 * 112)[:3].tolist() == [0, 125, 251]


def test_ties_are_broken_per_query_and_alike_for_all_maps():
    constant = np.zeros((HEIGHT, WIDTH), dtype=np.float16)
    ranking = manipulated_images.pixel_ranking(constant, TIE_KEY)
    assert sorted(ranking) == list(range(HEIGHT * WIDTH))
    np.testing.assert_array_equal(ranking, manipulated_images.pixel_ranking(constant + 3, TIE_KEY))
    assert (ranking != manipulated_images.pixel_ranking(constant, (7, "query 2"))).any()
    assert (ranking != manipulated_images.pixel_ranking(constant, (8, "query 1"))).any()
    assert (ranking != np.arange(HEIGHT * WIDTH)).any()


def test_references_whose_maps_rank_alike_share_their_passes_and_batches_are_full():
    image, maps, references = make_query()
    maps[2] = 2 * maps[0] + 1
    scorer = scorer_of(embed, batch_size=7)
    found = faithfulness.faithfulness_of_query(scorer, image, maps, references, CANVAS, TIE_KEY, STEPS)
    assert found.forward_passes == 2 + 2 * 2 * (STEPS - 1) == 30
    assert scorer.network.batches == [7, 7, 7, 7, 2]
    assert (found.curves[0].insertion_curve != found.curves[2].insertion_curve).any()


def test_all_maps_of_a_query_have_the_same_end_points():
    image, maps, references = make_query()
    same_reference = np.repeat(references[:1], 3, axis=0)
    results = curves_of(embed, image, maps, same_reference)
    ends = {(r.insertion_curve[0], r.insertion_curve[-1], r.deletion_curve[-1], r.deletion_curve[0]) for r in results}
    assert len(ends) == 1
    assert len(set(ends.pop())) == 2


def test_a_constant_map_and_a_blank_image_are_flagged():
    image, maps, references = make_query()
    maps[1] = 5
    results = curves_of(embed, image, maps, references)
    assert [r.is_constant for r in results] == [False, True, False]
    blank = np.broadcast_to(np.uint8(CANVAS), image.shape)
    for result in curves_of(embed, blank, maps, references):
        assert result.insertion_is_flat
        assert result.deletion_is_flat
        assert (result.insertion_auc, result.deletion_auc) == (0.5, 0.5)
        assert np.isnan([result.insertion_auc_anchored, result.deletion_auc_anchored]).all()


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
    good, bad = curves_of(sees_its_pixels, image, maps, first_axis)
    assert good.insertion_auc > 0.7 > 0.3 > bad.insertion_auc
    assert good.deletion_auc_anchored < 0.3 < 0.7 < bad.deletion_auc_anchored


def test_bad_maps_and_models_are_refused():
    image, maps, references = make_query()
    maps[1, 0, 0] = np.nan
    with pytest.raises(BadModel, match="query 1"):
        curves_of(embed, image, maps, references)
    maps[1, 0, 0] = 0
    for bad_model in (
        lambda pixels: np.full((len(pixels), 5), np.nan),
        lambda pixels: np.zeros((len(pixels), 5)),
        lambda pixels: embed(pixels)[1:],
        lambda pixels: embed(pixels)[:, 0],
    ):
        with pytest.raises(BadModel):
            curves_of(bad_model, image, maps, references)
