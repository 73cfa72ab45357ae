"""Every way of explaining both sides of a match that benchmarks/correspondence_methods.py compares."""

from collections.abc import Sequence
from itertools import product

import numpy as np

from benchmarks.both_sides_cases import Design, Pair, Run, effects_of_images
from flows.stages.generator_spec import generator_spec
from pipeline.evaluation.audit.both_sides import AuditedMatch, Region, on_cells
from pipeline.saliency.activation_decomposition.cells import cell_embeddings
from pipeline.saliency.activation_decomposition.contributions import pairwise_contributions
from pipeline.saliency.build import build_generator
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.correspondence.cell_effects import averaging_weights, masks_on_cells
from pipeline.saliency.correspondence.components import METHODS, match_components
from pipeline.saliency.correspondence.interaction import interaction, joint_maps, one_sided_map
from pipeline.saliency.rise.maps import query_masks

DECOMPOSITION, GRAD_CAM, SAME_PLACE = "activation decomposition", "grad_cam", "the same place"
# Of a Gaussian, in cells.
SAME_PLACE_WIDTH = 2.0
SIDES = ("query", "reference")
USUAL = ("factors", 3)
SPLITS = tuple(product(METHODS, (2, 3)))


class Explainers:
    """Explains pairs of a run in every way that is compared."""

    def __init__(self, run: Run, masks: list[int]) -> None:
        self._run = run
        most = max(masks)
        self.full, self.again = Design(masks=most), Design(masks=most, seed=1)
        self.seeds = [(Design(masks=count), Design(masks=count, seed=1)) for count in masks]
        self.balanced = [Design("balanced_regression", count) for count in masks]
        self.other_cells = [Design(masks=most, cells=cells) for cells in (7, 21)]
        self.other_grids = [Design(masks=most, grid_cells=12)]
        designs = [one for both in self.seeds for one in both]
        designs += [*self.balanced, *self.other_cells, *self.other_grids]
        self.effects, self.passes = effects_of_images(run, designs)
        names = run.image_ids()
        cells_nyxd = cell_embeddings(run.scorer, np.stack([run.images.of(name) for name in names]))
        self._cells = {name: own.reshape(-1, own.shape[-1]) for name, own in zip(names, cells_nyxd, strict=True)}
        spec = generator_spec(run.settings, GRAD_CAM, "fixed")
        # As masks of an image see it that matters by one region alone, each pixel of which adds as much.
        self._masks_nu = masks_on_cells(query_masks(self.full.spec, run.size_px), self.full.cells)
        self._grad_cam = build_generator(GRAD_CAM, "fixed", spec, 0, run.scorer, run.size_px)

    def by_masks(self, pair: Pair, design: Design, split: tuple[str, int] = USUAL) -> AuditedMatch:
        """Return the pair as effects of cells explain it, split into components in a given way."""
        query_ud, reference_vd = (self.effects[design][side] for side in pair.sides)
        query_d, reference_d = self._run.embeddings_of(pair)
        joint_uv = interaction(query_ud, reference_vd)
        return AuditedMatch(
            joint_uv,
            one_sided_map(query_ud, reference_d),
            one_sided_map(reference_vd, query_d),
            match_components(joint_uv, split[1], split[0]),
        )

    def by_decomposition(self, pair: Pair, split: tuple[str, int] = USUAL) -> AuditedMatch:
        """Return the pair as the sum over pairs of cells of the last feature map explains it."""
        found = pairwise_contributions(self._cells[pair.query], self._cells[pair.reference])
        components = match_components(found.contributions_uv, split[1], split[0])
        return AuditedMatch(found.contributions_uv, found.query_map_u, found.reference_map_v, components)

    def grad_cam(self, pair: Pair) -> dict[str, np.ndarray]:
        """Return Grad-CAM's maps (y, x) of both images against the other as it is, by side."""
        found, embeddings_2d = {}, self._run.embeddings_of(pair)
        for side, (image, other) in zip(SIDES, ((0, 1), (1, 0)), strict=True):
            name = (pair.query, pair.reference)[image]
            request = SaliencyRequest(name, self._run.images.of(name), embeddings_2d[other : other + 1])
            found[side] = self._grad_cam([request])[0].display_khw[0]
        return found

    def by_place(self) -> AuditedMatch:
        """Return what pairs each cell with the same place of the other image, whatever the images show.

        Items are rendered upright and in the middle, so that the same part often lies at the same place.
        """
        cells = self.full.cells
        places_u2 = np.stack(np.divmod(np.arange(cells**2), cells), axis=1)
        squared_uv = ((places_u2[:, None] - places_u2[None]) ** 2).sum(axis=2)
        joint_uv = np.exp(-squared_uv / (2 * SAME_PLACE_WIDTH**2))
        return AuditedMatch(joint_uv, *joint_maps(joint_uv), match_components(joint_uv, USUAL[1], USUAL[0]))

    def best_possible(self, places_hw: Sequence[Region]) -> np.ndarray:
        """Return the map (cell,) of a model whose score is the share of each place that a mask shows, summed."""
        weights_u = sum(on_cells(place_hw, self._masks_nu.shape[1]) / place_hw.mean() for place_hw in places_hw)
        shown_n = self._masks_nu @ weights_u
        map_u: np.ndarray = averaging_weights(self._masks_nu) @ (shown_n - shown_n.mean())
        return map_u


def ways_of(pair: Pair, explainers: Explainers) -> dict[str, AuditedMatch]:
    """Return the pair as every way explains it, by name: all splits with most masks, the usual one with others."""
    found = {}
    for split in SPLITS:
        found[way_name(explainers.full, split)] = explainers.by_masks(pair, explainers.full, split)
        found[way_name(None, split)] = explainers.by_decomposition(pair, split)
    others = [design for design, _ in explainers.seeds] + explainers.balanced
    for design in (*others, *explainers.other_cells, *explainers.other_grids):
        found[way_name(design, USUAL)] = explainers.by_masks(pair, design)
    found[SAME_PLACE] = explainers.by_place()
    return found


def way_name(design: Design | None, split: tuple[str, int] = USUAL) -> str:
    """Return the name of a way: effects of a design of masks, None for activation decomposition, and a split."""
    return f"{DECOMPOSITION if design is None else design}, {split[0]} {split[1]}"
