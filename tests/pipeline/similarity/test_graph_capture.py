"""A recorded pass gives what the network gives, and is recorded only for shapes that come again."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.rise import RiseSpec, build_rise
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
    replay = CapturedForward(scorer.forward, recorder)
    return SimilarityScorer(scorer.network, "cpu", scorer.precision, scorer.batch_size, replay)


def test_a_shape_is_recorded_when_it_comes_again() -> None:
    recorder = Recorder()
    scorer = replaying(small_scorer(batch_size=4), recorder)
    scorer.embed(random_pixels(7))  # batches of 4 and 3
    assert recorder.shapes == []
    scorer.embed(random_pixels(12))
    assert [shape[0] for shape in recorder.shapes] == [4]
    scorer.embed(random_pixels(3))
    assert [shape[0] for shape in recorder.shapes] == [4, 3]


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
    recorded = SimilarityScorer(network, "cuda", precision, 16, CapturedForward(plain.forward))
    pixels = random_pixels(70)
    for _ in range(2):
        np.testing.assert_allclose(recorded.embed(pixels), plain.embed(pixels), atol=1e-6)
