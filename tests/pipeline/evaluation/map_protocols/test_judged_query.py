"""A query's maps judged by a model whose scores are known: every image made pixel by pixel, every measure by loops."""

import numpy as np
import pytest
from torch import nn

import tests.oracles.map_protocols as oracle
from pipeline.evaluation.manipulated_images import pixel_ranking
from pipeline.evaluation.map_protocols import imputed_deletion, judged_query
from pipeline.evaluation.map_protocols.faithfulness_correlation import held_out_removals
from pipeline.evaluation.map_protocols.imputation import impute_pixels
from pipeline.evaluation.map_protocols.judged_query import JudgedQuery
from pipeline.evaluation.map_protocols.protocol import Protocol, judging_passes
from pipeline.randomness import keyed_rng
from pipeline.similarity.conditions import project
from pipeline.similarity.scorer import SimilarityScorer
from tests.pipeline.evaluation.broken_copy import broken_copy

SIZE = 16
CANVAS = (200, 100, 0)


class Pooled(nn.Module):
    """Colours of 4 x 4 cells, so that every place of an image has dimensions of its own."""

    def forward(self, images_nchw):
        return nn.functional.adaptive_avg_pool2d(images_nchw, 4).flatten(1)


SCORER = SimilarityScorer(Pooled(), batch_size=7)
RNG = np.random.default_rng(0)
PIXELS, REFERENCE, OTHER = RNG.integers(0, 256, (3, SIZE, SIZE, 3)).astype(np.uint8)
# The third ranks the pixels as the second does.
MAPS = RNG.normal(size=(3, SIZE, SIZE))
MAPS[2] = 4 * MAPS[1]
REFERENCES = SCORER.embed(np.stack([REFERENCE, OTHER, REFERENCE]))
MASKS = RNG.random(REFERENCES.shape).astype(np.float32)
PROTOCOL = Protocol(3, CANVAS, removals=9)


def query(masks=None):
    references = REFERENCES if masks is None else project(REFERENCES, masks)
    return JudgedQuery("q", PIXELS, MAPS, references, masks)


def score(image, k, masks):
    vector = SCORER.embed(image[None])[0].astype(np.float64)
    reference = REFERENCES[k].astype(np.float64)
    if masks is not None:
        vector, reference = vector * masks[k], reference * masks[k]
    return float(vector @ reference / np.sqrt(vector @ vector) / np.sqrt(reference @ reference))


def deleted(ranking, tenth, is_imputed):
    removed = np.zeros((SIZE, SIZE), dtype=bool)
    for place in ranking[: round(tenth * SIZE * SIZE / 10)]:
        removed[place // SIZE, place % SIZE] = True
    if is_imputed:
        return impute_pixels(PIXELS, removed, keyed_rng("imputed deletion", 3, "q", tenth))
    image = PIXELS.copy()
    image[removed] = CANVAS
    return image


def compare_with_oracle(module=judged_query, masks=None):
    found, passes = module.judge_query(SCORER, query(masks), PROTOCOL)
    assert passes == 2 + 9 + 2 * 18
    assert judging_passes(1, 2) == passes - 9 + Protocol.removals
    blank = np.broadcast_to(np.array(CANVAS, np.uint8), PIXELS.shape)
    removals = held_out_removals("q", 3, 9, SIZE)
    for k, judgement in enumerate(found):
        full_score, blank_score = score(PIXELS, k, masks), score(blank, k, masks)
        ranking = pixel_ranking(MAPS[k], (3, "q"))
        for is_imputed, area in ((True, judgement.deletion.imputed), (False, judgement.deletion.blank)):
            scores = [score(deleted(ranking, tenth, is_imputed), k, masks) for tenth in range(1, 10)]
            assert area == pytest.approx(oracle.anchored_area(scores, full_score, blank_score), abs=1e-5)
        drops = [full_score - score(np.where(gone[..., None], blank, PIXELS), k, masks) for gone in removals]
        masses = [oracle.removed_saliency(MAPS[k], gone) for gone in removals]
        assert judgement.faithfulness_correlation == pytest.approx(oracle.pearson(masses, drops), abs=1e-5)
        assert judgement.gini == pytest.approx(oracle.gini(MAPS[k]))
    # One ranking, two references; and filling in is another question than blanking.
    assert found[1].deletion != found[2].deletion
    assert found[0].deletion.imputed != pytest.approx(found[0].deletion.blank, abs=1e-3)


@pytest.mark.parametrize("masks", [None, MASKS], ids=["general", "conditions"])
def test_every_image_and_every_measure_is_the_definition(masks):
    compare_with_oracle(masks=masks)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("DELETED_IMAGES * number_of[ranking_v.tobytes()]", "DELETED_IMAGES * k"),
        ("DELETED_IMAGES * number_of[ranking_v.tobytes()]", "0"),
        ("full - removal_scores_nk[:, k]", "removal_scores_nk[:, k]"),
        ("full - removal_scores_nk[:, k]", "full - removal_scores_nk[:, 0]"),
        ("DELETED_IMAGES, k], full, blank)", "DELETED_IMAGES, k], blank, full)"),
    ],
    ids=["own images of each map", "images of the first map", "scores for drops", "one reference", "ends swapped"],
)
def test_a_broken_copy_is_noticed(tmp_path, right, wrong):
    broken = broken_copy(judged_query, tmp_path, right, wrong)
    with pytest.raises((AssertionError, ValueError)):
        compare_with_oracle(broken)


def test_without_conditions_a_copy_that_ignores_them_passes_and_with_them_not(tmp_path):
    broken = broken_copy(judged_query, tmp_path, "if query.condition_masks_kd is None:", "if True:")
    compare_with_oracle(broken)
    with pytest.raises(AssertionError):
        compare_with_oracle(broken, MASKS)


def test_areas_of_known_scores_and_of_ends_without_a_gap():
    areas = imputed_deletion.deletion_areas(np.array([1.0] * 9 + [0.0] * 9), 1.0, 0.0)
    assert areas.imputed == 1
    assert areas.blank == pytest.approx(0.5 / 9)
    flat = imputed_deletion.deletion_areas(np.zeros(18), 0.51, 0.5)
    assert np.isnan(flat.imputed)
    assert np.isnan(flat.blank)
