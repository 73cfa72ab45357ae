"""Do maps depend on what the model has learned? Maps should change when layers are random (Adebayo et al., 2018).

Layers are re-initialised from the output backwards, one more at each depth. A generator whose maps stay as they were
shows the image and not the model: a centre blob fails this check, however plausible its maps.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from pipeline.errors import BadModel
from pipeline.evaluation.bootstrap import Interval, clustered_interval
from pipeline.evaluation.reference_dependence import map_rank_correlations
from pipeline.randomness import keyed_rng
from pipeline.saliency.contract import SaliencyGenerator, SaliencyRequest
from pipeline.similarity.conditions import project
from pipeline.similarity.scorer import SimilarityScorer

# Takes a model and a seed of everything that the generator draws.
BuildGenerator = Callable[[SimilarityScorer, int], SaliencyGenerator]


@dataclass(frozen=True)
class SanityQuery:
    """A query with all that a request of it needs, as pixels: another model embeds them otherwise.

    Attributes:
        query_id: of the query.
        pixels_hwc: uint8 (y, x, 3), the query.
        reference_ids: of the K references.
        reference_pixels_khwc: uint8 (reference, y, x, 3).
        condition_masks_kd: float32 (reference, D), None for a model without conditions; never made random.
        negative_pixels_kmhwc: uint8 (reference, negative, y, x, 3), None where nothing is contrasted.
    """

    query_id: str
    pixels_hwc: np.ndarray
    reference_ids: tuple[str, ...]
    reference_pixels_khwc: np.ndarray
    condition_masks_kd: np.ndarray | None = None
    negative_pixels_kmhwc: np.ndarray | None = None


@dataclass(frozen=True)
class CascadeStep:
    """Agreement with the maps of the model whose last `depth` layers are random; `layer` is the last made so."""

    depth: int
    layer: str
    agreement: Interval


@dataclass(frozen=True)
class RandomisationSanity:
    """What the check found; agreements are mean Spearman correlations over pairs, 95 % intervals clustered by query.

    Attributes:
        between_seeds: of the maps of the same model under two seeds; 1 where nothing is drawn.
        steps: by depth.
    """

    between_seeds: Interval
    steps: tuple[CascadeStep, ...]

    @property
    def depends_on_model(self) -> bool:
        """Whether the deepest step agrees less than two seeds on the same model do, the intervals apart."""
        return bool(self.steps[-1].agreement.high < self.between_seeds.low)


def check_randomisation(
    build: BuildGenerator,
    scorer: SimilarityScorer,
    queries: Sequence[SanityQuery],
    depths: Sequence[int],
    *,
    seed: int,
    samples: int = 1000,
) -> RandomisationSanity:
    """Return how maps agree between the model and its randomised copies, and between two seeds of the generator.

    The generator draws alike on the model and on its copies, so that nothing but the model differs.

    Args:
        build: makes the generator.
        scorer: the explained model; left as it is.
        queries: whose maps are compared, display maps at 14 x 14 cells.
        depths: how many layers are random, ascending, each from 1 to the length of `cascade`.
        seed: of the generator, the random layers and the resampling; the second seed is the next number.
        samples: bootstrap samples.

    Raises:
        BadModel: the network has nothing that could be made random.
    """
    layers = cascade(scorer.network)
    clusters_p = np.repeat(np.arange(len(queries)), [len(query.reference_ids) for query in queries])
    own_maps = _maps(build, scorer, queries, seed)

    def agreement(other_maps: Sequence[np.ndarray]) -> Interval:
        correlations = [
            np.diag(map_rank_correlations(one, other)) for one, other in zip(own_maps, other_maps, strict=True)
        ]
        return clustered_interval(np.concatenate(correlations), clusters_p, seed=seed, samples=samples)

    steps = []
    for depth in depths:
        # Without what was recorded of the network as it is.
        randomised = replace(scorer, network=randomised_network(scorer.network, layers[:depth], seed), replay=None)
        maps = _maps(build, randomised, queries, seed)
        steps.append(CascadeStep(depth, layers[depth - 1], agreement(maps)))
    return RandomisationSanity(agreement(_maps(build, scorer, queries, seed + 1)), tuple(steps))


def cascade(network: nn.Module) -> list[str]:
    """Return the paths of the modules that have parameters of their own, from the output backwards.

    The order is that in which the network names them, reversed.

    Raises:
        BadModel: there are none.
    """
    found = [name for name, module in network.named_modules() if list(module.parameters(recurse=False))]
    if not found:
        raise BadModel(
            expected="a network with parameters",
            found="none that can be seen: a black box, or a model that learns nothing",
            where="the similarity model",
            remedy="check maps of such a model against those of another one",
        )
    return found[::-1]


def randomised_network(network: nn.Module, layers: Sequence[str], seed: int) -> nn.Module:
    """Return a copy whose layers of these paths are re-initialised.

    Each parameter is drawn from a normal distribution with its own mean and deviation. (Torch's usual starting
    values would let the signal vanish in a network whose batch norms are folded.) A draw depends on seed, layer and
    parameter alone, so that a deeper cascade holds the shallower one.
    """
    randomised = copy.deepcopy(network)
    for layer in layers:
        for name, parameter in randomised.get_submodule(layer).named_parameters(recurse=False):
            learned = parameter.detach().double().cpu().numpy()
            drawn = keyed_rng(seed, "randomised", layer, name).normal(learned.mean(), learned.std(), learned.shape)
            parameter.data.copy_(torch.tensor(drawn))
    return randomised


def _maps(
    build: BuildGenerator, scorer: SimilarityScorer, queries: Sequence[SanityQuery], seed: int
) -> list[np.ndarray]:
    requests = [_request(scorer, query) for query in queries]
    return [maps.display_khw for maps in build(scorer, seed)(requests)]


def _request(scorer: SimilarityScorer, query: SanityQuery) -> SaliencyRequest:
    masks_kd = query.condition_masks_kd
    references_kd = scorer.embed(query.reference_pixels_khwc)
    negatives_kmd = None
    if query.negative_pixels_kmhwc is not None:
        negatives_kmd = np.stack([scorer.embed(pixels) for pixels in query.negative_pixels_kmhwc])
    if masks_kd is not None:
        references_kd = project(references_kd, masks_kd)
        if negatives_kmd is not None:
            negatives_kmd = np.stack([project(one, mask) for one, mask in zip(negatives_kmd, masks_kd, strict=True)])
    return SaliencyRequest(
        query.query_id,
        query.pixels_hwc,
        references_kd,
        masks_kd,
        query.reference_ids,
        query.reference_pixels_khwc,
        negatives_kmd,
    )
