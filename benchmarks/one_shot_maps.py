"""Maps that seed GrabCut in benchmarks.one_shot_segmentation, a row each; support masks are never looked at."""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from pipeline.evaluation.segmentation.episodes import Episode
from pipeline.saliency.build import build_generator, query_masks
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.controls.blob import centre_blob
from pipeline.saliency.correspondence.cell_effects import CellEffects
from pipeline.saliency.correspondence.interaction import interaction, joint_maps
from pipeline.saliency.perturbed_embeddings import embed_perturbations
from pipeline.saliency.resident_masks import resident
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.saliency.similarity_attention.tuple_maps import attention_of_tuples
from pipeline.similarity.scorer import SimilarityScorer

ATTENTION, RISE, CORRESPONDENCES = "similarity attention (SAM)", "RISE, both images masked", "correspondences"
CENTRE, FRAME = "centre blob", "frame, no map"
EVERYTHING, NOTHING = "whole image, no GrabCut", "empty mask, no GrabCut"
ROWS = (ATTENTION, RISE, CORRESPONDENCES, CENTRE, FRAME, EVERYTHING, NOTHING)


class SeedMaps:
    """Maps of test images against their supports; passes of an image are made once for all episodes.

    Args:
        scorer: the model.
        squares: uint8 (y, x, 3) of each image as the model sees it, by name.
        spec: of RISE and of correspondences, which share its masks.
        cells: of correspondences, along a side.
        layer: of attention; None for the last feature map.
    """

    def __init__(
        self,
        scorer: SimilarityScorer,
        squares: Mapping[str, np.ndarray],
        spec: RiseSpec,
        cells: int,
        layer: str | None = None,
    ) -> None:
        self._scorer, self._squares, self._layer = scorer, squares, layer
        self.square_px = side = next(iter(squares.values())).shape[0]
        # Those that a run would make of the same settings.
        settings = {"masks": spec.masks, "reference_masks": spec.reference_masks}
        self._masks = resident(query_masks("rise", settings, spec.seed, side), scorer.device)
        self._rise = build_generator("rise", "both", settings, spec.seed, scorer, side)
        self._cells = CellEffects(spec, side, cells)
        self._grid = cells, cells
        self._blob = centre_blob(side, side)
        # Of each image and pair once.
        self._perturbed, self._effects = cache(self._pass), cache(self._effects_of)
        self._embedding, self._attention = cache(self._embed), cache(self._attend)
        self._rise_map, self._joint_map = cache(self._both), cache(self._joint)

    def of(self, row: str, episode: Episode) -> np.ndarray:
        """Return the map (y, x) of an episode's test image, larger where the class is sought.

        Several supports: the mean of their maps, attention's divided by their largest value first. The other class:
        attention takes its support as the negative of a triplet; RISE and correspondences subtract its mean map.
        """
        if row == CENTRE:
            return self._blob
        if row == ATTENTION:
            negatives = episode.other_supports or ("",) * len(episode.supports)
            pairs = zip(episode.supports, negatives, strict=True)
            return _mean([self._attention(episode.test, *pair) for pair in pairs])
        one = self._rise_map if row == RISE else self._joint_map
        map_yx = _mean([one(episode.test, support) for support in episode.supports])
        if episode.other_supports:
            map_yx = map_yx - _mean([one(episode.test, support) for support in episode.other_supports])
        return map_yx

    def _attend(self, test: str, support: str, negative: str) -> np.ndarray:
        names = [name for name in (test, support, negative) if name]
        pixels_tkhwc = np.stack([self._squares[name] for name in names])[None]
        found: np.ndarray = attention_of_tuples(self._scorer, pixels_tkhwc, self._layer).display_tkhw[0, 0]
        return found

    def _both(self, test: str, support: str) -> np.ndarray:
        request = SaliencyRequest(
            test,
            self._squares[test],
            self._embedding(support),
            reference_ids=(support,),
            reference_pixels_khwc=self._squares[support][None],
            perturbed_embeddings_nd=self._perturbed(test),
        )
        found: np.ndarray = self._rise([request])[0].display_khw[0]
        return found

    def _joint(self, test: str, support: str) -> np.ndarray:
        joint_uv = interaction(self._effects(test), self._effects(support))
        return joint_maps(joint_uv)[0].reshape(self._grid)

    def _pass(self, name: str) -> np.ndarray:
        return embed_perturbations(self._scorer, self._squares[name], self._masks).cpu().numpy()

    def _effects_of(self, name: str) -> np.ndarray:
        return self._cells.of(self._perturbed(name))

    def _embed(self, name: str) -> np.ndarray:
        return self._scorer.embed(self._squares[name][None])


def _mean(maps: Sequence[np.ndarray]) -> np.ndarray:
    mean_yx: np.ndarray = np.mean(maps, axis=0)
    return mean_yx
