"""Some pairs of a finished run with the model that compares them, for benchmarks of both sides of a match."""

import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from benchmarks.pair_conditions import PairConditions
from benchmarks.randomisation_sanity import read_scorer
from flows.auto_compute.resolve import resolved
from flows.configured_runs import ConfiguredRun
from flows.engine.upstream import Upstream
from flows.readers.clusters import read_pair_clusters
from flows.readers.image_lookup import EmbeddingLookup, PixelLookup
from flows.readers.pair_causes import CauseRegions, read_causes
from flows.readers.pair_frame import read_pair_frame
from flows.settings.configuration import Settings
from flows.stages.generator_spec import chosen_fill
from flows.stages.true_effects import rendered
from pipeline.datasets.planted.spec import planted_spec
from pipeline.evaluation.audit.both_sides import Region, are_scored
from pipeline.saliency.correspondence.cell_effects import CellEffects
from pipeline.saliency.fill import MEAN, Fill
from pipeline.saliency.perturbed_embeddings import embed_perturbations
from pipeline.saliency.resident_masks import resident
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.saliency.rise.maps import BALANCED_REGRESSION, query_masks
from pipeline.similarity.scorer import SimilarityScorer

READ = ("vocabulary", "images", "similarity_model", "embeddings", "pairs.test")
MOST_CAUSES = 2
# An image and the condition that it is compared under, None for none.
ComparedImage = tuple[str, str | None]


@dataclass(frozen=True)
class Pair:
    """A pair, with where each of its first causes is in query and reference; none where the truth is not known."""

    pair_id: str
    query: str
    reference: str
    condition: str | None
    causes: tuple[tuple[Region, Region], ...]

    @property
    def sides(self) -> tuple[ComparedImage, ComparedImage]:
        """Query and reference, as they are compared."""
        return (self.query, self.condition), (self.reference, self.condition)


class Run:
    """The explained model of a finished run with its images and chosen pairs.

    Attributes:
        pairs: of so many queries, in the order of their hashes, at most so many references each; of rendered items
            those with a cause whose places count.
        clusters_p: int64 (pair,), what each shares with others.
        shared: how many of these, in words.
    """

    def __init__(self, settings: Settings, queries: int, references: int, with_causes: bool) -> None:
        upstream = ConfiguredRun(resolved(settings)).current()
        read = (*READ, "true_effects.test") if with_causes else READ
        missing = [stage for stage in read if stage not in upstream.manifests]
        if missing:
            sys.exit(f"not current: {', '.join(missing)}; run this configuration first")
        self.settings = settings
        self.size_px = settings.dataset.image_size_px
        self.fill: Fill = chosen_fill(settings) or MEAN
        self.scorer: SimilarityScorer = read_scorer(settings, upstream)
        self.images = PixelLookup(upstream, upstream.shard_of_rows("images", "images", "image_id", "test"))
        shards = upstream.shard_of_rows("embeddings", "image_embeddings", "image_id", "test")
        self.conditions = PairConditions(upstream)
        self._embeddings = EmbeddingLookup(upstream, shards)
        self.pairs = _chosen(settings, upstream, queries, references, with_causes)
        frame = read_pair_frame(upstream, "test")
        unit = settings.dataset.declared.shared_unit
        clusters = dict(zip(frame.pair_ids, read_pair_clusters(upstream, frame, unit), strict=True))
        self.clusters_p = np.array([clusters[pair.pair_id] for pair in self.pairs])
        self.shared = f"{len(set(self.clusters_p))} of what pairs share ({unit})"

    def embeddings_of(self, pair: Pair) -> np.ndarray:
        """Return the unit-norm embeddings (2, D) of a pair's images, as they are compared."""
        return self.conditions.compared(self._embeddings.of([pair.query, pair.reference]), pair.condition)

    def conditions_of_images(self) -> dict[str, list[str | None]]:
        """Return the conditions that each image is compared under, each once."""
        found: dict[str, dict[str | None, None]] = {name: {} for name in self.image_ids()}
        for image, condition in (side for pair in self.pairs for side in pair.sides):
            found[image][condition] = None
        return {name: list(conditions) for name, conditions in found.items()}

    def image_ids(self) -> list[str]:
        """Return the images of all pairs, each once."""
        return sorted({name for pair in self.pairs for name in (pair.query, pair.reference)})


def _chosen(settings: Settings, upstream: Upstream, queries: int, references: int, with_causes: bool) -> list[Pair]:
    causes = read_causes(upstream) if with_causes else {}
    regions = CauseRegions(planted_spec(rendered(settings))) if with_causes else None
    of_query: dict[str, list[Pair]] = defaultdict(list)
    for row in upstream.rows("pairs.test", "pairs"):
        places = [] if regions is None else [regions.of(row, cause) for cause in causes[row["pair_id"]]]
        scored = tuple(place for place in places if are_scored(*place))[:MOST_CAUSES]
        if scored or not with_causes:
            pair = Pair(row["pair_id"], row["query"], row["reference"], row["condition"], scored)
            of_query[row["query"]].append(pair)
    order = sorted(of_query, key=lambda name: sha256(name.encode()).digest())[:queries]
    return [pair for query in order for pair in of_query[query][:references]]


@dataclass(frozen=True)
class Design:
    """How effects of cells are made: masks of a scheme, by a seed, over a grid of cells.

    Attributes:
        grid_cells: cells along a side of a mask.
        cells: cells along a side of the effects.
    """

    scheme: str = "papers"
    masks: int = 2000
    seed: int = 0
    grid_cells: int = 8
    cells: int = 14

    @property
    def spec(self) -> RiseSpec:
        """RISE's settings."""
        return RiseSpec(masks=self.masks, grid_cells=self.grid_cells, scheme=self.scheme, seed=self.seed)  # type: ignore[arg-type]


def effects_of_images(run: Run, designs: Sequence[Design]) -> tuple[dict[Design, dict[ComparedImage, np.ndarray]], int]:
    """Return float64 (cell, D) effects of every image of the pairs by design and condition, and the number of passes.

    An image is passed once for all its conditions.

    The first masks of a longer set of independent ones are a shorter set, so those of a seed and grid share passes.
    """
    passed: dict[Design, list[Design]] = defaultdict(list)
    for design in designs:
        longest = max((other for other in designs if _share_masks(design, other)), key=lambda other: other.masks)
        passed[Design(longest.scheme, longest.masks, longest.seed, longest.grid_cells)].append(design)
    made = {design: CellEffects(design.spec, run.size_px, design.cells) for design in designs}
    found: dict[Design, dict[ComparedImage, np.ndarray]] = {design: {} for design in designs}
    for longest, served in passed.items():
        masks = resident(query_masks(longest.spec, run.size_px), run.scorer.device)
        for image, conditions in run.conditions_of_images().items():
            embeddings_nd = embed_perturbations(run.scorer, run.images.of(image), masks, run.fill).cpu().numpy()
            for condition in conditions:
                compared_nd = run.conditions.compared(embeddings_nd, condition)
                for design in served:
                    found[design][image, condition] = made[design].of(compared_nd[: design.masks])
        print(f"{longest.scheme}, {longest.masks} masks, seed {longest.seed}: passed", file=sys.stderr, flush=True)
    return found, len(run.image_ids()) * sum(longest.masks for longest in passed)


def _share_masks(design: Design, other: Design) -> bool:
    if (design.scheme, design.seed, design.grid_cells) != (other.scheme, other.seed, other.grid_cells):
        return False
    return design.scheme != BALANCED_REGRESSION or design.masks == other.masks
