"""The measurement of explaining does all of the work that it says, on arrays of the right kind."""

import numpy as np

from benchmarks.explanation_speed import CpuSeconds, drawn_split, explain, measured, weights_and_priors
from flows.jobs.explanations import RANKS_IN_TABLE
from pipeline.explanation.variants import VARIANTS, all_variants

N_PAIRS, N_ATTRIBUTES = 30, 12


def test_every_variant_ranks_every_pair_with_weights_from_the_whole_grid() -> None:
    valid, test = (drawn_split(split, N_PAIRS, N_ATTRIBUTES) for split in ("valid", "test"))
    seconds = CpuSeconds()
    priors, weights = weights_and_priors(valid, 0.5, seconds)
    assert sorted(weights) == sorted(
        (model, kind) for model in ("sane", "fashion_search_net") for kind in ("count", "none", "tcav")
    )
    rows = explain(test, valid, priors, weights, seconds)
    assert rows == len(all_variants(VARIANTS)) * N_PAIRS * RANKS_IN_TABLE
    assert min(seconds.values()) >= 0 < sum(seconds.values())


def test_arrays_are_those_of_pairs_of_five_a_query() -> None:
    split = drawn_split("test", N_PAIRS, N_ATTRIBUTES)
    frame = split.frame
    assert np.bincount(frame.query_p).tolist() == [5] * 6
    assert (frame.query_p != frame.reference_p).all()
    assert len(set(frame.pair_ids)) == N_PAIRS
    np.testing.assert_allclose(split.maps_pyx.sum(axis=(1, 2)), 1, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(split.embeddings_nd, axis=1), 1, rtol=1e-5)
    assert (np.nan_to_num(split.drops_pa)[~frame.present_pa] == 0).all()
    assert np.isnan(split.drops_pa).any()


def test_parts_are_named_and_add_up() -> None:
    seconds = measured(N_PAIRS, N_ATTRIBUTES, 0.5)
    assert list(seconds) == [
        "count prior",
        "TCAV prior",
        "terms of Eq. 4",
        "weight grid",
        "scores of all variants",
        "ranked table",
    ]
