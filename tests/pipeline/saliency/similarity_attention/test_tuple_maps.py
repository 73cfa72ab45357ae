"""Attention of every image of a tuple against float64 loops, against the generator's maps, and what it refuses."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.saliency.similarity_attention import tuple_maps, tuple_weights
from pipeline.saliency.similarity_attention.tuple_maps import TupleAttention, attention_of_tuples
from tests.oracles import layer_attention as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.saliency.small_models import random_pixels, small_scorer, unbiased_scorer

LARGEST_DIFFERENCE = 1e-4
MODES = {"siamese": 2, "triplet": 3, "quadruplet": 4, "different": 2}
SCORER = unbiased_scorer(batch_size=5)


def tuples_of(mode: str, tuples: int = 3) -> np.ndarray:
    """Return uint8 images, more than one batch of them."""
    return random_pixels(tuples * MODES[mode], seed=7).reshape(tuples, MODES[mode], 32, 32, 3)


def expected(pixels_tkhwc: np.ndarray, mode: str, layer: str = "0.3") -> list[list[np.ndarray]]:
    """Return the native map of each image of each tuple: w of the tuple, one image's score at a time."""
    maps = []
    for members in pixels_tkhwc:
        unit = SCORER.embed(members).astype(np.float64)
        maps.append(
            [oracle.map_of_weights(SCORER.network, layer, image, oracle.tuple_weights(mode, unit)) for image in members]
        )
    return maps


def differs(found: TupleAttention, maps: list[list[np.ndarray]]) -> bool:
    """Whether some map or its scale is not the oracle's."""
    for tuple_number, members in enumerate(maps):
        for image, native in enumerate(members):
            largest = found.largest_tk[tuple_number, image]
            scaled = native / (native.max() or 1)
            if abs(largest - native.max()) > LARGEST_DIFFERENCE * max(native.max(), 1e-6):
                return True
            if np.abs(found.native_tkhw[tuple_number, image] - scaled).max() > LARGEST_DIFFERENCE:
                return True
            display = oracle.enlarged(scaled, 32)
            if np.abs(found.display_tkhw[tuple_number, image] - display).max() > LARGEST_DIFFERENCE:
                return True
    return False


@pytest.mark.parametrize("layer", ["0.3", "0.2"])
@pytest.mark.parametrize("mode", MODES)
def test_maps_of_all_images_equal_the_oracle(mode: str, layer: str) -> None:
    pixels = tuples_of(mode)
    maps = expected(pixels, mode, layer)
    assert all(native.max() > 0 for members in maps for native in members)
    found = attention_of_tuples(SCORER, pixels, None if layer == "0.3" else layer, same_class=mode != "different")
    assert not differs(found, maps)
    weights = oracle.tuple_weights(mode, SCORER.embed(pixels[0]).astype(np.float64))
    np.testing.assert_allclose(found.weights_td[0], weights, atol=1e-6)


@pytest.mark.parametrize(
    ("module", "right", "wrong"),
    [
        (tuple_weights, "1 - apart_td if same_class else apart_td", "1 - apart_td"),
        (
            tuple_weights,
            "(anchor_td - features_tkd[:, negative]).abs()",
            "(1 - (anchor_td - features_tkd[:, negative]).abs())",
        ),
        (tuple_maps, "weights_td.repeat_interleave(size, dim=0)", "weights_td.repeat(size, 1)"),
        (tuple_maps, "torch.relu(torch.einsum", "torch.abs(torch.einsum"),
        (tuple_maps, "functional.normalize(raw_nd.float(), dim=1)", "raw_nd.float()"),
    ],
)
def test_broken_copies_are_noticed(
    module: object, right: str, wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = broken_copy(module, tmp_path, right, wrong)  # type: ignore[arg-type]
    run = attention_of_tuples
    if module is tuple_maps:
        run = broken.attention_of_tuples
    else:
        monkeypatch.setattr(tuple_maps, "tuple_weights", broken.tuple_weights)
    cases = [(mode, tuples_of(mode)) for mode in ("triplet", "different")]
    assert any(
        differs(run(SCORER, pixels, same_class=mode != "different"), expected(pixels, mode)) for mode, pixels in cases
    )


def test_a_map_hardly_depends_on_the_other_image_of_a_pair() -> None:
    # What the tables of results found of whole runs: siamese w is near 1 whatever the reference.
    pixels = random_pixels(8, seed=3)
    pairs = np.stack([np.stack([pixels[0], other]) for other in pixels[1:]])
    maps = attention_of_tuples(SCORER, pairs).native_tkhw[:, 0]
    others = attention_of_tuples(SCORER, pairs[:, ::-1].copy()).native_tkhw[:, 0]
    assert np.abs(maps - maps.mean(axis=0)).mean() < 0.2 * np.abs(others - others.mean(axis=0)).mean()


@pytest.mark.parametrize(("size", "same_class"), [(1, True), (5, True), (3, False)])
def test_other_tuples_are_refused(size: int, same_class: bool) -> None:
    with pytest.raises(BadSetting, match="2 to 4 images of a tuple"):
        attention_of_tuples(SCORER, random_pixels(size)[None], same_class=same_class)


@pytest.mark.parametrize("layer", ["1", "0.9", "1.1"])
def test_a_layer_without_extent_in_space_is_refused(layer: str) -> None:
    with pytest.raises(BadSetting, match=r"\[saliency.similarity_attention\] layer"):
        attention_of_tuples(small_scorer(), random_pixels(2)[None], layer)
