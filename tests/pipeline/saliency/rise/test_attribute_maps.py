"""Maps of attributes from RISE's passes: the definition with loops, and an exact world."""

import numpy as np
import pytest

from pipeline.saliency.rise import attribute_maps as module
from pipeline.saliency.rise.attribute_maps import build_attribute_maps
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.saliency.rise.maps import query_masks
from tests.pipeline.evaluation.broken_copy import broken_copy

SIZE = 24
SPEC = RiseSpec(masks=400, grid_cells=4, seed=3)


def rendered_masks():
    masks = query_masks(SPEC, SIZE)
    return masks.render(0, len(masks), "cpu").numpy().reshape(len(masks), SIZE, SIZE)


def compare_with_loops(tested):
    rng = np.random.default_rng(0)
    masks, embeddings, directions = rendered_masks(), rng.normal(size=(400, 5)), rng.normal(size=(2, 5))
    found = tested.build_attribute_maps(SPEC, SIZE)(embeddings, directions)
    assert found.shape == (2, SIZE, SIZE)
    assert found.dtype == np.float32
    for direction, map_hw in zip(directions, found, strict=True):
        scores = [float(embedding @ direction) for embedding in embeddings]
        centre = sum(scores) / len(scores)
        expected = sum((score - centre) * mask for score, mask in zip(scores, masks, strict=True)) / masks.sum(axis=0)
        np.testing.assert_allclose(map_hw, expected, atol=1e-5 * np.ptp(expected))


def test_maps_are_the_weighted_means_of_projections():
    compare_with_loops(module)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (", dtype=np.float64) @ np", ", dtype=np.float64) @ -np"),
        ('mask_coverage(masks, "cpu")', 'mask_coverage(masks, "cpu") * 2'),
        ("query_masks(spec, image_size_px)", "query_masks(RiseSpec(masks=400, grid_cells=4, seed=4), image_size_px)"),
    ],
)
def test_wrong_maps_are_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        compare_with_loops(broken_copy(module, tmp_path, right, wrong))


def test_each_attribute_is_found_where_it_is():
    """One dimension sees the upper left corner, the other the lower right: as do their attributes' maps."""
    masks = rendered_masks()
    embeddings = np.stack([masks[:, :8, :8].mean(axis=(1, 2)), masks[:, 16:, 16:].mean(axis=(1, 2))], axis=1)
    upper, lower = build_attribute_maps(SPEC, SIZE)(embeddings, np.eye(2))
    assert upper[:8, :8].mean() > 5 * abs(upper[16:, 16:].mean())
    assert lower[16:, 16:].mean() > 5 * abs(lower[:8, :8].mean())
    assert np.unravel_index(upper.argmax(), upper.shape) < (8, 8)
    # Kept embeddings are of half precision.
    half = build_attribute_maps(SPEC, SIZE)(embeddings.astype(np.float16), np.eye(2))
    np.testing.assert_allclose(half, np.stack([upper, lower]), atol=1e-3 * np.ptp(upper))
