"""The TCAV prior: sensitivities by differences, a world where the cause is known, and one without any."""

import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.explanation import tcav_prior as module
from pipeline.explanation.tcav_prior import ConceptImages, concept_vectors, tcav_prior
from tests.oracles import tcav_prior as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy


def world(n_images=240, seed=0):
    """Return training images and pairs: the first attribute moves embeddings together, the second one apart.

    The third has no part in them, the fourth no image has.
    """
    rng = np.random.default_rng(seed)
    labels = rng.random((n_images, 4)) < [0.5, 0.5, 0.5, 0.0]
    shared, private = np.eye(8)[0], rng.normal(size=(n_images, 8)) * (np.arange(8) >= 4)
    embeddings = 0.5 * np.eye(8)[1] + labels[:, :1] * shared + labels[:, 1:2] * private
    embeddings += 0.1 * rng.normal(size=embeddings.shape)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    both = np.flatnonzero(labels[:, 0])
    query, reference = both[: len(both) // 2], both[len(both) // 2 : len(both) // 2 * 2]
    return (
        ConceptImages(embeddings, labels, np.arange(n_images)),
        embeddings[query],
        embeddings[reference],
        labels[query],
    )


TRAIN, QUERIES, REFERENCES, PRESENT = world()


def compare_shares(tested):
    found = tested.tcav_prior(TRAIN, QUERIES, REFERENCES, PRESENT, seed=3, repeats=4)
    for attribute in range(3):
        concepts = concept_vectors(TRAIN, attribute, 3, 4)
        expected = oracle.share(QUERIES, REFERENCES, PRESENT[:, attribute], concepts)
        assert found.share_a[attribute] == pytest.approx(expected, abs=1e-9)
    assert np.isnan(found.share_a[3])
    assert np.isnan(found.p_value_a[3])
    assert found.prior_a.sum() == pytest.approx(1)
    assert found.prior_a.argmax() == 0
    assert found.p_value_a[0] < 0.05 < found.p_value_a[2]
    # What is not significant gets the share of an attribute that nothing is known of.
    raw = np.where(np.arange(4) == 0, found.share_a[0], 0.25)
    np.testing.assert_allclose(found.prior_a, raw / raw.sum())


def test_shares_are_those_of_the_derivative_of_the_cosine():
    compare_shares(module)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("references - (queries * references)", "references + (queries * references)"),
        ("gradients_pd[has_p] @ concepts_rd.T > 0", "gradients_pd @ concepts_rd.T > 0"),
        ("null_v >= share_a[attribute]", "null_v <= share_a[attribute]"),
        ("corrected_a <= LEVEL, share_a", "corrected_a > LEVEL, share_a"),
        ("fitted.coef_[0] / max(", "-fitted.coef_[0] / max("),
    ],
)
def test_a_wrong_prior_is_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        compare_shares(broken_copy(module, tmp_path, right, wrong))


def test_nothing_is_significant_where_embeddings_know_no_attribute():
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(300, 8))
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    train = ConceptImages(noise, rng.random((300, 20)) < 0.5, np.arange(300))
    pairs = rng.permutation(300)
    found = tcav_prior(train, noise[pairs[:100]], noise[pairs[100:200]], rng.random((100, 20)) < 0.5, seed=0, repeats=3)
    assert (found.p_value_a > 0.05).all()
    np.testing.assert_allclose(found.prior_a, 1 / 20)


def test_concepts_are_fitted_on_whole_units_drawn_anew():
    by_class = ConceptImages(TRAIN.embeddings_nd, TRAIN.labels_na, np.repeat(np.arange(24), 10))
    vectors = concept_vectors(by_class, 0, 0, 3)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)
    assert not np.allclose(vectors[0], vectors[1])
    np.testing.assert_array_equal(vectors[:2], concept_vectors(by_class, 0, 0, 2))
    assert len(concept_vectors(by_class, 3, 0, 2)) == 0


def test_pairs_that_do_not_fit_are_refused():
    with pytest.raises(BadSetting, match="TCAV"):
        tcav_prior(TRAIN, QUERIES, REFERENCES[:-1], PRESENT, 0)
    with pytest.raises(BadSetting, match="TCAV"):
        tcav_prior(TRAIN, QUERIES[:0], REFERENCES[:0], PRESENT[:0], 0)
