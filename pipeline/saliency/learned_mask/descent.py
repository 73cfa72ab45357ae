"""Gradient descent on many masks at once, each of which takes the steps that it would take alone.

A batch's loss is the sum, not the mean, of its pairs' losses, and every pair has its own Adam moments.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from pipeline.saliency.learned_mask.declaration import MaskSpec

# Masks (pair, image, cell y, cell x) to scores (pair,) and the scores' gradients, of the masks' shape.
ScoreGradients = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
# Drops all pairs but those of these ascending rows.
KeepPairs = Callable[[torch.Tensor], None]


@dataclass(frozen=True)
class Descent:
    """What came of it.

    Attributes:
        masks_pncc: (pair, image, cell y, cell x), 0 to 1.
        losses_tp: (iteration, pair), each before the iteration's step and with its noise; a pair that has stopped
            keeps its last loss.
        iterations_p: int64 (pair,), steps taken.
    """

    masks_pncc: torch.Tensor
    losses_tp: torch.Tensor
    iterations_p: torch.Tensor


def descend(masks_pncc: torch.Tensor, score: ScoreGradients, keep: KeepPairs, spec: MaskSpec) -> Descent:
    """Return masks that lower sparsity + smoothness + score, from the given ones.

    Args:
        masks_pncc: where to start.
        score: called once an iteration, with the masks of the pairs that go on.
        keep: called when pairs stop, so that later calls of `score` cost less.
        spec: iterations, learning rate, weights and when to stop early.
    """
    final_pncc = masks_pncc.clone()
    losses_tp = torch.zeros(spec.iterations, len(masks_pncc), dtype=masks_pncc.dtype, device=masks_pncc.device)
    iterations_p = torch.full((len(masks_pncc),), spec.iterations, device=masks_pncc.device)
    pairs = torch.arange(len(masks_pncc), device=masks_pncc.device)
    adam = Adam(spec.learning_rate)
    for step in range(spec.iterations):
        scores_p, slopes_pncc = score(masks_pncc)
        penalties_p, penalty_slopes_pncc = penalties(masks_pncc, spec.sparsity_weight, spec.smoothness_weight)
        losses_tp[step, pairs] = scores_p + penalties_p
        masks_pncc = (masks_pncc - adam.steps(slopes_pncc + penalty_slopes_pncc)).clamp_(0, 1)
        done = step + 1
        stopped_p = _have_stopped(losses_tp[:done, pairs], spec)
        if stopped_p is not None and bool(stopped_p.any()):
            leaving, staying = pairs[stopped_p], torch.nonzero(~stopped_p)[:, 0]
            final_pncc[leaving] = masks_pncc[stopped_p]
            losses_tp[done:, leaving] = losses_tp[step, leaving]
            iterations_p[leaving] = done
            pairs, masks_pncc = pairs[staying], masks_pncc[staying]
            if not len(pairs):
                break
            adam.keep(staying)
            keep(staying)
    final_pncc[pairs] = masks_pncc
    return Descent(final_pncc, losses_tp, iterations_p)


def penalties(
    masks_pncc: torch.Tensor, sparsity_weight: float, smoothness_weight: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return each pair's sparsity_weight * mean |1 - m| + smoothness_weight * TV_3(m), and its gradient.

    TV_3 is the mean of |difference|^3 over neighbours above each other plus the mean over those side by side.
    Departure from Fong and Vedaldi's formula, which sums over places: a sum would grow with the number of cells, and
    outweigh the mean of the first term 182-fold at 14 x 14. Several masks of a pair each have their own terms.
    """
    missing_pncc = 1 - masks_pncc
    down, across = masks_pncc.diff(dim=-2), masks_pncc.diff(dim=-1)
    values_pn = sparsity_weight * missing_pncc.abs().mean(dim=(-2, -1))
    gradients_pncc = missing_pncc.sign() * (-sparsity_weight / masks_pncc[0, 0].numel())
    for axis, change in ((-2, down), (-1, across)):
        values_pn = values_pn + smoothness_weight * change.abs().pow(3).mean(dim=(-2, -1))
        slope = change * change.abs() * (3 * smoothness_weight / change[0, 0].numel())
        cells = masks_pncc.shape[axis]
        gradients_pncc.narrow(axis, 1, cells - 1).add_(slope)
        gradients_pncc.narrow(axis, 0, cells - 1).sub_(slope)
    return values_pn.sum(dim=1), gradients_pncc


@dataclass
class Adam:
    """Adam (Kingma and Ba, 2015) element by element, with the moments of each pair on its own row."""

    learning_rate: float
    first_decay: float = 0.9
    second_decay: float = 0.999
    epsilon: float = 1e-8
    _moments: list[torch.Tensor] = field(default_factory=list)
    _count: int = 0

    def steps(self, gradients: torch.Tensor) -> torch.Tensor:
        """Return what to subtract, after taking in these gradients (pair, ...)."""
        if not self._moments:
            self._moments = [torch.zeros_like(gradients), torch.zeros_like(gradients)]
        first, second = self._moments
        self._count += 1
        first.lerp_(gradients, 1 - self.first_decay)
        second.mul_(self.second_decay).addcmul_(gradients, gradients, value=1 - self.second_decay)
        mean = first / (1 - self.first_decay**self._count)
        scale = (second / (1 - self.second_decay**self._count)).sqrt_().add_(self.epsilon)
        return self.learning_rate * mean / scale

    def keep(self, rows: torch.Tensor) -> None:
        """Drop the moments of all pairs but these."""
        self._moments = [moment[rows] for moment in self._moments]


def _have_stopped(losses_tp: torch.Tensor, spec: MaskSpec) -> torch.Tensor | None:
    """Return which pairs improve no more, None where it is not the time to ask."""
    done, patience = len(losses_tp), spec.patience
    if patience is None or done % patience or done < 2 * patience or done == spec.iterations:
        return None
    before = losses_tp[done - 2 * patience : done - patience].mean(dim=0)
    return before - losses_tp[done - patience :].mean(dim=0) < spec.tolerance
