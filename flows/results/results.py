"""Maps, embeddings, images and tables of what a run has kept, by pair or image id, for programs outside."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from flows.configured_runs import ConfiguredRun, configured_runs
from flows.engine.plan import StagePlan
from flows.readers.image_lookup import EmbeddingLookup, PixelLookup
from flows.readers.match_parts import NAMES, REGIONS
from flows.readers.saliency_maps import ATTRIBUTE_MAPS, maps_stage, read_attribute_maps, read_maps
from flows.readers.shown_images import Photographs, ShownImages
from flows.results.match_sides import MatchSides, read_match_sides
from flows.results.refusals import Refusals
from flows.results.tables import CurrentTables
from flows.settings.configuration import Settings
from flows.settings.file import load_settings
from flows.stages.report import PHOTOGRAPHS
from pipeline.datasets.placing import place_map, view_box
from pipeline.report.shown_image import ShownImage
from pipeline.saliency.declaration import FIXED
from pipeline.saliency.rise.declaration import RISE

if TYPE_CHECKING:
    import pyarrow as pa

Planned = Sequence[tuple[ConfiguredRun, Sequence[StagePlan]]]


def open_results(config: str | Path, overrides: Sequence[str] = ()) -> "Results":
    """Return the results that are current now for a configuration; nothing is computed or written.

    Args:
        config: the configuration file (TOML).
        overrides: key=value over it, such as "saliency.rise.masks=500".

    Raises:
        BadSetting: the configuration is refused.
        PipelineError, StoreError: inputs are refused, or the store cannot be read.
    """
    settings = load_settings(Path(config), list(overrides))
    planned = [(run, run.plans()) for run in configured_runs(settings, config=str(config))]
    return Results(settings, planned, Refusals(str(config), tuple(overrides)))


class Results:
    """What was current as they were opened; of several seeds tables are those of all, all else that of the first.

    Every method reads only the shards that hold what is asked for, and raises StoreError where the store cannot be
    read, MissingArtifact where the run has not made it, BadSetting for ids and names that there are not.

    Args:
        settings: of all seeds.
        planned: each seed's run with the plans of all its stages.
        refusals: errors that name the configuration.
    """

    def __init__(self, settings: Settings, planned: Planned, refusals: Refusals) -> None:
        readers = [run.current(plans) for run, plans in planned]
        run, plans = planned[0]
        self._tables = CurrentTables(settings, planned, readers)
        self._settings, self._upstream, self._refusals = run.settings, readers[0], refusals
        self._plans = {plan.stage.name: plan for plan in plans}

    def __repr__(self) -> str:
        current = sum(plan.manifest is not None for plan in self._plans.values())
        return f"<results of {self._refusals.config}: {current} of {len(self._plans)} stages are current>"

    def tables(self) -> list[str]:
        """Return the names of all tables, sorted."""
        return self._tables.names()

    def table(self, name: str, stale_ok: bool = False) -> "pa.Table":
        """Return a table as `sane query` has it: over all stages and seeds that feed it.

        Args:
            name: one of `tables`.
            stale_ok: return it although rows of stages that are not current are missing.

        Raises:
            BadSetting: there is no such table, or rows of it are missing.
        """
        return self._tables.table(name, stale_ok)

    def pair(self, pair_id: str) -> dict[str, Any]:
        """Return a test pair's row of the table `pairs`, with `query`, `reference` and `condition`.

        Raises:
            BadSetting: no test pair has this id.
            MissingArtifact: there are no current test pairs.
        """
        self._need("pairs.test")
        pairs = self._upstream.table("pairs.test", "pairs")
        place = pc.index(pairs["pair_id"], pair_id).as_py()
        if place < 0:
            raise self._refusals.unknown_pair(pair_id)
        row: dict[str, Any] = pairs.slice(place, 1).to_pylist()[0]
        return row

    def map(self, pair_id: str, generator: str = RISE.name, mode: str = FIXED) -> npt.NDArray[np.float32]:
        """Return the map over the query of a test pair, see `maps`."""
        return self.maps([pair_id], generator, mode)[pair_id]

    def maps(
        self, pair_ids: Sequence[str], generator: str = RISE.name, mode: str = FIXED
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Return maps by pair id, in the order of the ids.

        A map is float32 (y, x) over the model's view of the query, larger where it matters more; its unit is that of
        its generator. It was stored in half precision.

        Args:
            pair_ids: of test pairs.
            generator: one of `saliency.generators`.
            mode: one of its modes.

        Raises:
            BadSetting: the configuration has no such generator or mode; an id is unknown; the generator does not
                explain the pair.
            MissingArtifact: the maps are not current.
        """
        generator_modes = self._settings.saliency.generator_modes
        if (generator, mode) not in generator_modes:
            raise self._refusals.unknown_generator(generator, mode, generator_modes)
        self._need(maps_stage(generator, mode))
        found = read_maps(self._upstream, generator, mode, pair_ids)
        for pair_id in pair_ids:
            if pair_id not in found:
                self.pair(pair_id)
                raise self._refusals.unexplained_pair(pair_id, f"by {generator}", f"saliency.{generator}.pairs")
        return {pair_id: found[pair_id] for pair_id in pair_ids}

    def attribute_map(self, pair_id: str) -> npt.NDArray[np.float32]:
        """Return where in the query of a test pair the attribute that answers shows to the model, float32 (y, x).

        Over the model's view of the query, larger where it shows more; its unit is that of the embedding. It was
        stored in half precision.

        Raises:
            BadSetting: the id is unknown, no attribute explains the pair, or the configuration makes no such maps.
            MissingArtifact: the maps are not current.
        """
        if ATTRIBUTE_MAPS not in self._plans:
            raise self._refusals.no_attribute_maps()
        self._need(ATTRIBUTE_MAPS)
        query = self.pair(pair_id)["query"]
        answers = self._upstream.table("answers", "answers")
        attribute = answers["attribute"][pc.index(answers["pair_id"], pair_id).as_py()].as_py()
        if attribute is None:
            raise self._refusals.no_attribute(pair_id)
        attribute_map_yx: npt.NDArray[np.float32] = read_attribute_maps(self._upstream, [(query, attribute)])[
            query, attribute
        ]
        return attribute_map_yx

    def placed_map(self, pair_id: str, generator: str = RISE.name, mode: str = FIXED) -> npt.NDArray[np.float32]:
        """Return a map laid over the original photograph of the query, float32 (y, x) of that file's size.

        NaN where the model sees nothing of the photograph. The file is not read, so it need not be there any more.
        Of rendered items, which are square, it is the map itself. Raises as `maps` does.
        """
        return self.place(pair_id, self.map(pair_id, generator, mode))

    def place(self, pair_id: str, map_hw: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return a map over the model's view of a pair's query, laid over the original photograph; see `placed_map`.

        Args:
            pair_id: of a test pair.
            map_hw: finite values over the model's view (y, x), of any resolution.

        Raises:
            BadSetting: no test pair has this id.
            MissingArtifact: images or test pairs are not current.
        """
        dataset = self._settings.dataset
        if not dataset.declared.has_photographs:
            return map_hw
        row = self._image_row(self.pair(pair_id)["query"])
        file_px = (row["width_px"], row["height_px"])
        box = view_box(dataset.fit, file_px, dataset.image_size_px, dataset.effective_resolution_px)
        return place_map(map_hw, box, file_px)

    def both_sides(self, pair_id: str) -> MatchSides:
        """Return maps of both images of a test pair and the parts of the match.

        Raises:
            BadSetting: the id is unknown, the pair is not one of those explained from both sides, or the
                configuration explains none.
            MissingArtifact: the results are not current.
        """
        if REGIONS not in self._plans:
            raise self._refusals.one_sided()
        self._need(REGIONS)
        self._need(NAMES)
        found = read_match_sides(self._upstream, pair_id)
        if found is None:
            self.pair(pair_id)
            raise self._refusals.unexplained_pair(pair_id, "from both sides", "saliency.correspondence.pairs")
        return found

    def embedding(self, image_id: str) -> npt.NDArray[np.float32]:
        """Return float32 (dimension,), unit norm; of a model with conditions the general embedding.

        Raises:
            BadSetting: no image has this id.
            MissingArtifact: the embeddings are not current.
        """
        embedding_d: npt.NDArray[np.float32] = self.embeddings([image_id])[0]
        return embedding_d

    def embeddings(self, image_ids: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return float32 (image, dimension), unit norm, in the order of the ids, of which there must be one; as above.

        Raises:
            BadSetting: no image has one of these ids, or there is none.
            MissingArtifact: the embeddings are not current.
        """
        self._need("embeddings")
        known = set(self._embedding_shards)
        for image_id in image_ids:
            if image_id not in known:
                self._image_row(image_id)
        if not image_ids:
            raise self._refusals.no_images()
        embeddings_nd: npt.NDArray[np.float32] = self._embeddings.of(image_ids)
        return embeddings_nd

    def image(self, image_id: str) -> npt.NDArray[np.uint8]:
        """Return uint8 sRGB (y, x, 3): an image of any split as the model sees it.

        Raises:
            BadSetting: no image has this id.
            MissingArtifact: the images are not current.
        """
        self._image_row(image_id)
        view_hwc: npt.NDArray[np.uint8] = self._views.of(image_id)
        return view_hwc

    def shown_image(self, image_id: str) -> ShownImage:
        """Return an image as the report shows it: the photograph with a long side of 224 px, else the model's view.

        Raises:
            BadSetting: no image has this id.
            MissingArtifact: the images are not current.
        """
        row, dataset, photographs = self._image_row(image_id), self._settings.dataset, None
        if dataset.declared.has_photographs and dataset.root is not None:
            decoding = {key: getattr(dataset, key) for key in PHOTOGRAPHS}
            photographs = Photographs(dataset.root, dataset.follow_links_to, decoding)
        return ShownImages(self._views, [row], photographs).of(image_id)

    def _image_row(self, image_id: str) -> dict[str, Any]:
        self._need("images")
        images = self._upstream.table("images", "images")
        place = pc.index(images["image_id"], image_id).as_py()
        if place < 0:
            raise self._refusals.unknown_image(image_id, images["image_id"].to_pylist())
        row: dict[str, Any] = images.slice(place, 1).to_pylist()[0]
        return row

    @cached_property
    def _views(self) -> PixelLookup:
        return PixelLookup(self._upstream, self._upstream.shard_of_rows("images", "images", "image_id"))

    @cached_property
    def _embeddings(self) -> EmbeddingLookup:
        return EmbeddingLookup(self._upstream, self._embedding_shards)

    @cached_property
    def _embedding_shards(self) -> dict[str, str]:
        return self._upstream.shard_of_rows("embeddings", "image_embeddings", "image_id")

    def _need(self, stage: str) -> None:
        plan = self._plans[stage]
        if plan.manifest is None:
            raise self._refusals.not_made(plan, self._upstream.store.root.url)
