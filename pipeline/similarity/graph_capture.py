"""A network's forward pass recorded once as a CUDA graph and replayed: one launch instead of one a layer.

A small network on a fast accelerator takes less time to compute than Python takes to launch it layer by layer.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import torch

from pipeline.similarity.scorer import SimilarityScorer

LOG = logging.getLogger(__name__)
Forward = Callable[[torch.Tensor], torch.Tensor]
WARM_UP_PASSES = 3


@dataclass(frozen=True)
class CapturedPass:
    """A recorded pass.

    Attributes:
        images_nchw: where a replay reads its images.
        output: where it leaves what the network returns.
        replay: computes the one from the other.
    """

    images_nchw: torch.Tensor
    output: torch.Tensor
    replay: Callable[[], None]

    def fits(self, images_nchw: torch.Tensor) -> bool:
        """Return whether these images lie as the recorded ones did, so that the same kernels would compute them."""
        ours = self.images_nchw
        return (images_nchw.shape, images_nchw.dtype, images_nchw.stride()) == (ours.shape, ours.dtype, ours.stride())


Capture = Callable[[Forward, torch.Tensor], CapturedPass]


class CapturedForward:
    """A scorer's forward pass, replayed where its batch is full; other batches run layer by layer.

    One pass is recorded, because each keeps the memory of all its activations: that of a full batch, when the second
    one comes. What it returns is overwritten by the next full batch.
    """

    def __init__(self, scorer: SimilarityScorer, capture: Capture | None = None) -> None:
        """Wrap the forward pass of a scorer of one of our own networks.

        Args:
            scorer: on one CUDA device; its network makes no decision on values and waits for nothing.
            capture: records a pass, see capture_on_cuda, which None stands for.
        """
        self.network, self.precision = scorer.network, scorer.precision
        self._forward, self._batch_size = scorer.forward, scorer.batch_size
        self._capture = capture or capture_on_cuda
        self._full_batches = 0
        self._captured: CapturedPass | None = None

    def __call__(self, images_nchw: torch.Tensor) -> torch.Tensor:
        """Return what the forward pass returns for images (image, 3, y, x)."""
        if len(images_nchw) == self._batch_size:
            self._full_batches += 1
            if self._full_batches == 2:
                self._captured = self._record(images_nchw)
        captured = self._captured
        if captured is None or not captured.fits(images_nchw):
            return self._forward(images_nchw)
        captured.images_nchw.copy_(images_nchw)
        captured.replay()
        return captured.output

    def _record(self, images_nchw: torch.Tensor) -> CapturedPass | None:
        try:
            return self._capture(self._forward, images_nchw)
        except RuntimeError as error:
            # Whatever refuses to be recorded, memory for it included, may well run as it is.
            LOG.warning("passes are not recorded as a CUDA graph, and run layer by layer: %s", error)
            return None


def capture_on_cuda(forward: Forward, images_nchw: torch.Tensor) -> CapturedPass:
    """Record a forward pass for images of this shape and layout on their CUDA device.

    Raises:
        RuntimeError: it cannot be recorded, or memory is full.
    """
    # Whatever is recorded is what runs on the current device's stream: that of the images, not the first one.
    with torch.cuda.device(images_nchw.device):
        static_nchw = images_nchw.clone(memory_format=torch.preserve_format)
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        # Libraries choose kernels and allocate workspaces in the first passes, which a graph must not record.
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP_PASSES):
                forward(static_nchw)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            output = forward(static_nchw)
    return CapturedPass(static_nchw, output, graph.replay)
