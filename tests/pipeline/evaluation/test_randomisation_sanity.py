"""The check of maps against random models: what knows no model must fail it, what follows gradients must pass."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.errors import BadModel
from pipeline.evaluation.randomisation_sanity import (
    RandomisationSanity,
    SanityQuery,
    cascade,
    check_randomisation,
    randomised_network,
)
from pipeline.saliency.build import build_generator
from pipeline.saliency.contract import SaliencyGenerator, SaliencyMaps, SaliencyRequest
from pipeline.similarity.scorer import SimilarityScorer
from tests.pipeline.saliency.small_models import SIZE_PX, random_pixels, unbiased_scorer

DEPTHS = (1, 6, 11)


def queries(masks: bool = False) -> list[SanityQuery]:
    found = []
    for number in range(6):
        pixels = random_pixels(9, seed=50 + number)
        masks_kd = np.random.default_rng(number).uniform(0.1, 2, (2, 12)).astype(np.float32) if masks else None
        negatives = pixels[3:7].reshape(2, 2, SIZE_PX, SIZE_PX, 3)
        found.append(SanityQuery(f"query {number}", pixels[0], ("a", "b"), pixels[1:3], masks_kd, negatives))
    return found


def check(name: str, mode: str = "fixed", masks: bool = False, **spec: object) -> RandomisationSanity:
    def build(scorer: SimilarityScorer, seed: int) -> SaliencyGenerator:
        return build_generator(name, mode, spec, seed, scorer, SIZE_PX)

    return check_randomisation(build, unbiased_scorer(), queries(masks), DEPTHS, seed=3, samples=200)


def test_the_centre_blob_fails_with_correlation_1() -> None:
    found = check("centre")
    assert [step.agreement.value for step in found.steps] == pytest.approx([1, 1, 1])
    assert found.between_seeds.value == pytest.approx(1)
    assert not found.depends_on_model


def test_noise_fails_although_its_seeds_disagree() -> None:
    found = check("random")
    assert [step.agreement.value for step in found.steps] == pytest.approx([1, 1, 1])
    assert abs(found.between_seeds.value) < 0.2
    assert not found.depends_on_model


@pytest.mark.parametrize("masks", [False, True], ids=["general", "conditions"])
@pytest.mark.parametrize(("name", "mode"), [("grad_cam", "fixed"), ("similarity_attention", "quadruplet")])
def test_maps_of_gradients_pass(name: str, mode: str, masks: bool) -> None:
    found = check(name, mode, masks, layer="0.1")
    assert found.between_seeds.value == pytest.approx(1)
    assert found.between_seeds.n == 12
    assert found.between_seeds.n_clusters == 6
    assert found.steps[-1].agreement.value < 0.6
    assert found.depends_on_model


def test_a_generator_is_given_what_the_randomised_model_makes_of_the_references() -> None:
    seen: list[SaliencyRequest] = []

    def build(scorer: SimilarityScorer, seed: int) -> SaliencyGenerator:
        def generate(requests: Sequence[SaliencyRequest]) -> list[SaliencyMaps]:
            seen.append(requests[0])
            for request, query in zip(requests, queries(), strict=True):
                np.testing.assert_array_equal(
                    request.reference_embeddings_kd, scorer.embed(query.reference_pixels_khwc)
                )
            maps = np.random.default_rng(len(seen)).normal(size=(2, 14, 14)).astype(np.float32)
            return [SaliencyMaps(maps, maps)] * len(requests)

        return generate

    check_randomisation(build, unbiased_scorer(), queries(), (1, 2), seed=0, samples=20)
    assert len(seen) == 4
    own, first, second, again = (request.reference_embeddings_kd for request in seen)
    np.testing.assert_array_equal(own, again)
    assert np.abs(own - first).max() > 0.01
    assert np.abs(first - second).max() > 0.01
    assert seen[0].negative_embeddings_kmd.shape == (2, 2, 12)


def test_the_cascade_begins_at_the_output() -> None:
    layers = cascade(unbiased_scorer().network)
    assert layers[:2] == ["1.1", "0.3.shortcut.0"]
    assert layers[-1] == "0.0.0"
    assert len(layers) == DEPTHS[-1]


def test_layers_are_drawn_anew_in_their_own_scale_and_the_others_kept() -> None:
    network = unbiased_scorer().network
    before = {name: value.clone() for name, value in network.state_dict().items()}
    layers = cascade(network)[:3]
    randomised, again = (randomised_network(network, layers, 5) for _ in range(2))
    for name, value in randomised.state_dict().items():
        assert torch.equal(network.state_dict()[name], before[name])
        assert torch.equal(again.state_dict()[name], value)
        changed = any(name.startswith(f"{layer}.") for layer in layers) and bool(before[name].std() > 0)
        assert torch.equal(value, before[name]) != changed
        if changed and value.numel() > 500:
            assert float(value.std()) == pytest.approx(float(before[name].std()), rel=0.15)
    assert not torch.equal(randomised_network(network, layers, 6).state_dict()["1.1.weight"], before["1.1.weight"])
    deeper = randomised_network(network, cascade(network)[:5], 5).state_dict()
    assert torch.equal(deeper["1.1.weight"], randomised.state_dict()["1.1.weight"])


def test_a_model_without_parameters_is_refused() -> None:
    with pytest.raises(BadModel, match="a network with parameters"):
        cascade(nn.Sequential(nn.Flatten()))
