"""One match from both sides: the same from either side, and what each region adds to its image."""

import numpy as np

from pipeline.saliency.correspondence.match import explain_match

RNG = np.random.default_rng(0)
QUERY, REFERENCE = RNG.standard_normal((9, 5)), RNG.standard_normal((9, 5))
EMBEDDINGS = RNG.standard_normal((2, 5))


def test_maps_are_dot_products_with_the_other_image() -> None:
    found = explain_match(QUERY, REFERENCE, EMBEDDINGS, 2, "factors")
    np.testing.assert_allclose(found.query, [cell @ EMBEDDINGS[1] for cell in QUERY])
    np.testing.assert_allclose(found.reference, [cell @ EMBEDDINGS[0] for cell in REFERENCE])
    np.testing.assert_allclose(found.joint_uv, [[u @ v for v in REFERENCE] for u in QUERY])
    np.testing.assert_allclose(found.query_joint, np.maximum(found.joint_uv, 0).sum(axis=1))


def test_vectors_are_the_regions_own_effects() -> None:
    found = explain_match(QUERY, REFERENCE, EMBEDDINGS, 2, "factors")
    for k, region_u in enumerate(found.components.query_ku):
        wanted_d = sum(weight * cell for weight, cell in zip(region_u, QUERY, strict=True))
        np.testing.assert_allclose(found.query_vectors_kd[k], wanted_d)


def test_exchanged_roles_exchange_the_maps() -> None:
    found = explain_match(QUERY, REFERENCE, EMBEDDINGS, 2, "singular")
    other = explain_match(REFERENCE, QUERY, EMBEDDINGS[::-1], 2, "singular")
    np.testing.assert_allclose(found.query, other.reference)
    np.testing.assert_allclose(found.joint_uv, other.joint_uv.T)
    np.testing.assert_allclose(found.reference_joint, other.query_joint)
    assert np.abs(found.query - found.reference).max() > 0.1
