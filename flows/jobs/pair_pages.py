"""A shard of pages of test pairs, or of the images that pages show, as one ZIP."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.page_attribute_maps import read_page_attribute_maps
from flows.readers.page_images import PageShapes, image_facts, page_images
from flows.readers.pair_page_groups import PairGroup, read_pair_group
from flows.readers.pair_page_tables import PairTables, read_pair_tables
from pipeline.pairs.sampling import pair_id as id_of_pair
from pipeline.report.file_names import SITE
from pipeline.report.generator_names import is_control, maps_name
from pipeline.report.map_words import place_words
from pipeline.report.pair_page.archive import pack_files
from pipeline.report.pair_page.assets import pair_page_assets
from pipeline.report.pair_page.evidence import (
    OtherPair,
    PageAttribute,
    PageImage,
    PageLinks,
    PageMap,
    PairPage,
    Replaced,
    ReversePair,
    SmallImage,
)
from pipeline.report.pair_page.map_picture import MapPainter
from pipeline.report.pair_page.paths import TO_ROOT, image_path, map_path, page_path, small_image_path
from pipeline.report.pair_page.render import PairPageRenderer
from stores.parts import FilePart

IMAGES, ASSETS = "images", "assets"
# What the map of the attribute that answers shows.
SEEN = "where the model sees it"
Row = Mapping[str, Any]


def run(inputs: JobInputs) -> JobResult:
    """Return the part `pages`: a ZIP of pages with their maps, of images, or of what all share, by their paths."""
    counts: dict[str, int] = {}
    if inputs.work["shows"] == ASSETS:
        files = pair_page_assets()
    elif inputs.work["shows"] == IMAGES:
        files = page_images(inputs)
        counts = {"images": len(inputs.work["large"]) if "fit" in inputs.settings else 0}
    else:
        files = _Pages(inputs).files()
        counts = {"pages": len(inputs.work["pairs"])}
    data = pack_files(files)
    return JobResult({"pages": FilePart("pages.zip", data)}, {**counts, "files": len(files), "bytes": len(data)})


class _Pages:
    """The pages of a group of queries."""

    def __init__(self, inputs: JobInputs) -> None:
        settings, self._work = inputs.settings, inputs.work
        self._pairs: list[Row] = list(inputs.work["pairs"])
        self._ids = [str(pair["pair_id"]) for pair in self._pairs]
        self._modes = [(generator, mode) for generator, mode in settings["generator_modes"]]
        self._shapes = PageShapes(settings)
        self._painter, self._renderer = MapPainter(), PairPageRenderer()
        self._group: PairGroup = read_pair_group(inputs.upstream, self._modes, inputs.work["shards"])
        self._attribute_maps = read_page_attribute_maps(inputs.upstream)
        tables: PairTables = read_pair_tables(inputs.upstream)
        self._answers, self._sets = (tables.first(name, self._ids) for name in ("answers", "answer_sets"))
        self._similarities = tables.first("similarities.test", self._ids)
        self._outcomes, self._listed = tables.first("audit", self._ids), tables.first("pairs.test", self._ids)
        self._explained, self._replaced, self._components = (
            tables.rows(name, self._ids) for name in ("explanations", "replacements.test", "match_components.test")
        )

        self._reverse_ids = {
            str(pair["pair_id"]): id_of_pair("test", pair["reference"], pair["query"], pair["condition"] or "")
            for pair in self._listed.values()
        }
        # Of this table the whole is in the key, of that of pairs only the own ones.
        reverses = list(self._reverse_ids.values())
        self._reverses = tables.first("similarities.test", reverses)
        self._reverse_answers = tables.first("answers", reverses)

    def files(self) -> dict[str, bytes]:
        """Return pages and maps by path."""
        files: dict[str, bytes] = {}
        for number, pair in enumerate(self._pairs):
            page = self._page(number, pair, files)
            files[page_path(pair["pair_id"])] = self._renderer.linked(page)
        return files

    def _page(self, number: int, pair: Row, files: dict[str, bytes]) -> PairPage:
        """Return the evidence of a pair, after adding the pictures of its maps to the files."""
        pair_id = pair["pair_id"]
        answer = self._answers.get(pair_id)
        variant = None if answer is None else answer["variant"]
        return PairPage(
            query=self._image(pair["query"]),
            reference=self._image(pair["reference"]),
            similarity=self._similarity(pair_id),
            condition=self._listed[pair_id]["condition"],
            answer=answer,
            answer_set=self._sets.get(pair_id),
            maps=self._maps(pair, answer, files),
            reference_map=self._reference_map(pair_id, files),
            parts=self._group.parts(pair_id, self._components[pair_id]),
            attributes=self._attributes(pair_id, variant),
            firsts={row["variant"]: row["attribute"] for row in self._explained[pair_id] if row["rank"] == 1},
            replaced=self._replacements(answer, self._replaced[pair_id]),
            outcome=self._outcomes.get(pair_id),
            links=self._links(number, pair),
        )

    def _image(self, image: str) -> PageImage:
        label, file_px = image_facts(self._work["images"][image])
        size_px, seen = self._shapes.of(file_px)
        source = TO_ROOT + image_path(image, self._shapes.are_photographs)
        return PageImage(image, label, source, size_px, seen)

    def _small(self, image: str) -> SmallImage:
        return SmallImage(image, TO_ROOT + small_image_path(image, self._shapes.are_photographs))

    def _similarity(self, pair_id: str) -> float | None:
        row = self._similarities.get(pair_id)
        return None if row is None else float(row["similarity"])

    def _maps(self, pair: Row, answer: Row | None, files: dict[str, bytes]) -> list[PageMap]:
        """Return the maps of the query; that of the attribute that answers comes after the generator's own."""
        found = [self._map(pair["pair_id"], one, files) for one in self._modes]
        maps = [shown for shown in found if shown is not None]
        attribute = None if answer is None else answer["attribute"]
        map_yx = self._attribute_maps.get((pair["query"], attribute or ""))
        if map_yx is not None:
            path = map_path(pair["pair_id"], "answer")
            maps.insert(1, replace(self._painted(map_yx, path, files), name=str(attribute), shows=SEEN))
        return maps

    def _map(self, pair_id: str, one: tuple[str, str], files: dict[str, bytes]) -> PageMap | None:
        """Return a generator's map of the query; None where it does not explain this pair."""
        map_yx = self._group.maps[one].get(pair_id)
        if map_yx is None:
            return None
        shown = self._painted(map_yx, map_path(pair_id, "-".join(one)), files)
        curves = self._group.curves[one].get(pair_id)
        named = replace(shown, name=maps_name(*one), is_control=is_control(one[0]))
        if curves is None:
            return named
        return replace(
            named,
            insertion_auc=curves["insertion_auc"],
            deletion_auc=curves["deletion_auc"],
            insertion_t=curves["insertion_curve"],
            deletion_t=curves["deletion_curve"],
        )

    def _reference_map(self, pair_id: str, files: dict[str, bytes]) -> PageMap | None:
        map_yx = self._group.reference_maps.get(pair_id)
        return None if map_yx is None else self._painted(map_yx, map_path(pair_id, "reference"), files)

    def _painted(self, map_yx: np.ndarray, path: str, files: dict[str, bytes]) -> PageMap:
        picture = self._painter.png(map_yx)
        if picture is None:
            return PageMap(maps_name("rise", "fixed"), False, None, "")
        files[path] = picture
        return PageMap(maps_name("rise", "fixed"), False, TO_ROOT + path, place_words(map_yx))

    def _attributes(self, pair_id: str, variant: str | None) -> list[PageAttribute]:
        """Return the ranking of the variant that answers; what has no score is no candidate."""
        true_effects = self._group.true_effects.get(pair_id, {})
        rows = [row for row in self._explained[pair_id] if row["variant"] == variant and row["score"] is not None]
        return [
            PageAttribute(
                row["attribute"],
                row["score"],
                row["is_ground_truth"],
                row["confidence"],
                row["map_match"],
                row["prior"],
                true_effect=true_effects.get(row["attribute"]),
            )
            for row in sorted(rows, key=lambda row: int(row["rank"]))
        ]

    def _replacements(self, answer: Row | None, rows: Sequence[Row]) -> Replaced | None:
        by_kind = {row["kind"]: row for row in rows}
        if answer is None or answer["leading_attribute"] is None or "deletion" not in by_kind:
            return None
        lacking, keeping = by_kind["deletion"], by_kind.get("matched", {})
        return Replaced(
            answer["leading_attribute"],
            lacking["effect"],
            keeping.get("effect"),
            [self._small(image) for image in lacking["replacements"] or ()],
            [self._small(image) for image in keeping.get("replacements") or ()],
        )

    def _links(self, number: int, pair: Row) -> PageLinks:
        before, after = self._work["around"]
        around = [before, *self._ids, after]
        previous, following = around[number], around[number + 2]
        others = [one for one in self._pairs if one["query"] == pair["query"] and one["pair_id"] != pair["pair_id"]]
        return PageLinks(
            [(words, TO_ROOT + path) for words, path in SITE],
            None if previous is None else TO_ROOT + page_path(previous),
            None if following is None else TO_ROOT + page_path(following),
            [self._other(one) for one in others],
            self._reverse(pair["pair_id"]),
        )

    def _reverse(self, pair_id: str) -> ReversePair | None:
        """Return the pair the other way round, where the run has it."""
        reverse = self._reverse_ids[pair_id]
        if reverse not in self._reverses:
            return None
        answer = self._reverse_answers.get(reverse)
        attribute = None if answer is None else answer["attribute"]
        return ReversePair(TO_ROOT + page_path(reverse), attribute, answer is not None)

    def _other(self, pair: Row) -> OtherPair:
        answer = self._answers.get(pair["pair_id"])
        return OtherPair(
            TO_ROOT + page_path(pair["pair_id"]),
            self._small(pair["reference"]),
            self._similarity(pair["pair_id"]),
            None if answer is None else answer["attribute"],
        )
