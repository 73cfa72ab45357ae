"""What generators that take gradients ask of a model: that it is a network with gradients, and no black box."""

from collections.abc import Sequence

import torch
from torch import nn

from pipeline.errors import BadModel
from pipeline.similarity.scorer import SimilarityScorer


def require_gradients(scorer: SimilarityScorer, generator: str, instead: Sequence[str] = ("rise",)) -> nn.Module:
    """Return the scorer's network, in evaluation mode and with parameters that collect no gradients of their own.

    Gradients of its input still pass through it. Call it when a generator is built, before anything is computed.

    Args:
        scorer: the explained model.
        generator: that asks.
        instead: generators that a black box can have. (Not looked up here: a list of all generators among a
            generator's code would make its maps stale with every new one.)

    Raises:
        BadModel: the network is, or contains, a black box such as a user's own model.
    """
    if any(getattr(module, "is_black_box", False) for module in scorer.network.modules()):
        raise _no_gradients("a black box: only its embeddings are known", generator, instead)
    return scorer.network.eval().requires_grad_(False)


def require_graph(output: torch.Tensor, generator: str) -> torch.Tensor:
    """Return a network's output, refusing one that gradients do not lead back from.

    Raises:
        BadModel: the network computed it without gradients.
    """
    if not output.requires_grad:
        raise _no_gradients("an output that is cut off from its input, as by detach() or no_grad", generator, ("rise",))
    return output


def _no_gradients(found: str, generator: str, instead: Sequence[str]) -> BadModel:
    return BadModel(
        expected=f"a network with gradients, which saliency generator {generator} needs",
        found=found,
        where="the similarity model",
        remedy=f"explain it by embeddings alone: {', '.join(instead)}",
    )
