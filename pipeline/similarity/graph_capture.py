"""A network's forward pass recorded once as a CUDA graph and replayed: one launch instead of one a layer.

A small network on a fast accelerator takes less time to compute than Python takes to launch it layer by layer.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import torch

Forward = Callable[[torch.Tensor], torch.Tensor]

# A shape is recorded when it comes for the second time: the last batch of a set is rarely seen again.
PASSES_BEFORE_CAPTURE = 1
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


Capture = Callable[[Forward, torch.Tensor], CapturedPass]


class CapturedForward:
    """A forward pass that is replayed where its batch has the shape of an earlier one.

    What it returns is overwritten by the next call with the same shape.
    """

    def __init__(self, forward: Forward, capture: Capture | None = None) -> None:
        """Wrap a forward pass.

        Args:
            forward: computes on one CUDA device, makes no decision on values, waits for nothing.
            capture: records it, see capture_on_cuda, which None stands for.
        """
        self._forward = forward
        self._capture = capture or capture_on_cuda
        self._seen: Counter[torch.Size] = Counter()
        self._captured: dict[torch.Size, CapturedPass] = {}

    def __call__(self, images_nchw: torch.Tensor) -> torch.Tensor:
        """Return what the forward pass returns for images (image, 3, y, x)."""
        shape = images_nchw.shape
        if shape not in self._captured:
            if self._seen[shape] < PASSES_BEFORE_CAPTURE:
                self._seen[shape] += 1
                return self._forward(images_nchw)
            self._captured[shape] = self._capture(self._forward, images_nchw)
        captured = self._captured[shape]
        captured.images_nchw.copy_(images_nchw)
        captured.replay()
        return captured.output


def capture_on_cuda(forward: Forward, images_nchw: torch.Tensor) -> CapturedPass:
    """Record a forward pass for images of this shape and layout on their CUDA device."""
    static_nchw = images_nchw.clone(memory_format=torch.preserve_format)
    device = images_nchw.device
    stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    # Libraries choose their kernels and allocate their workspaces in the first passes, which a graph must not record.
    stream.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP_PASSES):
            forward(static_nchw)
    torch.cuda.current_stream(device).wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        output = forward(static_nchw)
    return CapturedPass(static_nchw, output, graph.replay)
