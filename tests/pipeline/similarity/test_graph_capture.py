"""A recorded pass gives what the network gives, of full batches of its own network alone."""

import copy
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.errors import BadModel
from pipeline.evaluation.randomisation_sanity import SanityQuery, cascade, check_randomisation
from pipeline.saliency.contract import SaliencyGenerator, SaliencyRequest
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.saliency.rise.maps import build_rise
from pipeline.similarity.graph_capture import CapturedForward, CapturedPass, Forward
from pipeline.similarity.scorer import SimilarityScorer
from tests.pipeline.saliency.small_models import SIZE_PX, display_maps, random_pixels, small_scorer


class Recorder:
    """Records passes as a graph does: each writes where the last one wrote."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, forward: Forward, images_nchw: torch.Tensor) -> CapturedPass:
        self.shapes.append(tuple(images_nchw.shape))
        static = images_nchw.clone()
        output = torch.full_like(forward(static), torch.nan)

        def replay() -> None:
            output.copy_(forward(static))

        return CapturedPass(static, output, replay)


def replaying(scorer: SimilarityScorer, recorder: Callable[[Forward, torch.Tensor], CapturedPass]) -> SimilarityScorer:
    return replace(scorer, replay=CapturedForward(scorer, recorder))


def test_only_full_batches_are_recorded_and_once() -> None:
    recorder = Recorder()
    scorer = replaying(small_scorer(batch_size=4), recorder)
    scorer.embed(random_pixels(7))  # batches of 4 and 3
    assert recorder.shapes == []
    for _ in range(3):
        scorer.embed(random_pixels(15))
    assert [shape[0] for shape in recorder.shapes] == [4]


def test_images_that_lie_otherwise_are_not_replayed() -> None:
    recorder = Recorder()
    scorer = replaying(small_scorer(batch_size=4), recorder)
    scorer.embed(random_pixels(12))
    images = torch.randn(4, 3, SIZE_PX, SIZE_PX)
    assert recorder.shapes == [(4, 3, SIZE_PX, SIZE_PX)]
    replay = scorer.replay
    assert isinstance(replay, CapturedForward)
    plain = small_scorer(batch_size=4)
    with torch.inference_mode():
        for other in (images, images.flip(2).to(memory_format=torch.channels_last)):
            assert torch.equal(replay(other), plain.forward(other))


@pytest.mark.parametrize(
    "error", [RuntimeError("operation not permitted when stream is capturing"), torch.OutOfMemoryError()]
)
def test_what_cannot_be_recorded_runs_as_it_is(caplog: pytest.LogCaptureFixture, error: RuntimeError) -> None:
    def refuse(_forward: Forward, _images: torch.Tensor) -> CapturedPass:
        raise error

    plain, pixels = small_scorer(batch_size=4), random_pixels(15)
    assert replaying(plain, refuse).embed(pixels).tobytes() == plain.embed(pixels).tobytes()
    assert [record.getMessage()[:24] for record in caplog.records] == ["passes are not recorded "]


def test_the_recorded_pass_of_another_model_is_refused() -> None:
    scorer = replaying(small_scorer(), Recorder())
    with pytest.raises(BadModel, match="another network"):
        replace(scorer, network=copy.deepcopy(scorer.network))
    with pytest.raises(BadModel, match="float32 of this network"):
        replace(scorer, precision="bfloat16")


def test_randomised_copies_are_not_explained_by_what_was_recorded_of_the_original() -> None:
    scorer = replaying(small_scorer(batch_size=10), Recorder())
    pixels = random_pixels(8)
    queries = [
        SanityQuery(f"q{number}", pixels[number], ("a", "b"), pixels[4 + number : 6 + number]) for number in range(2)
    ]

    def build(one: SimilarityScorer, seed: int) -> SaliencyGenerator:
        return build_rise(RiseSpec(masks=300, seed=seed), one, SIZE_PX)

    layers = cascade(scorer.network)
    found = check_randomisation(build, scorer, queries, [len(layers)], seed=0)
    # Of the original's own embeddings the maps would be the same: a correlation of 1.
    assert found.steps[0].agreement.value < 0.9


def test_embeddings_and_maps_are_the_network_s() -> None:
    plain = small_scorer(batch_size=10)
    recorded = replaying(plain, Recorder())
    pixels = random_pixels(45)
    for _ in range(2):
        assert recorded.embed(pixels).tobytes() == plain.embed(pixels).tobytes()
    request = SaliencyRequest("query", pixels[0], plain.embed(pixels[1:4]))
    maps = [display_maps(build_rise(RiseSpec(masks=50), one, SIZE_PX), request) for one in (plain, recorded)]
    assert maps[0].tobytes() == maps[1].tobytes()


def test_a_replay_of_old_images_would_be_noticed() -> None:
    def stale(forward: Forward, images_nchw: torch.Tensor) -> CapturedPass:
        output = forward(images_nchw.clone())
        return CapturedPass(images_nchw.clone(), output, lambda: None)

    plain = small_scorer(batch_size=5)
    pixels = random_pixels(15)
    assert not np.allclose(replaying(plain, stale).embed(pixels), plain.embed(pixels), atol=1e-3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="NOT TESTED: CUDA graphs need a CUDA device")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_cuda_graphs_give_what_the_network_gives(precision: str) -> None:
    network = small_scorer().network.to("cuda", memory_format=torch.channels_last)
    plain = SimilarityScorer(network, "cuda", precision, 16)
    recorded = replace(plain, replay=CapturedForward(plain))
    pixels = random_pixels(70)
    for _ in range(2):
        np.testing.assert_allclose(recorded.embed(pixels), plain.embed(pixels), atol=1e-6)
    assert not np.allclose(recorded.embed(pixels[::-1].copy()), plain.embed(pixels), atol=1e-3)
