"""A page for every test pair, in groups of queries, and the images that these pages show, in groups of images."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.engine.content_shards import content_defined_shards
from flows.engine.cuts import Read
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.stages.attribute_maps import NAME as ATTRIBUTE_MAPS
from flows.stages.attribute_maps import makes_attribute_maps
from flows.stages.cell_effects import correspondence_pairs
from flows.stages.conditions import has_attributes
from flows.stages.correspondences import COMPONENTS
from flows.stages.correspondences import NAME as CORRESPONDENCES
from flows.stages.dataset_index import followed_folders, link_paths
from flows.stages.facts import Facts, image_extents
from flows.stages.faithfulness import faithfulness_name
from flows.stages.query_groups import (
    QUERIES_PER_SHARD,
    chosen_pairs,
    chosen_queries,
    extent_of,
    group_label,
    pairs_of_groups,
    query_extents,
)
from flows.stages.report import PHOTOGRAPHS
from flows.stages.saliency_maps import maps_name
from flows.stages.true_effects import true_effects_name
from flows.stages.user_keys import keys_in
from pipeline.report.pair_page.assets import pair_assets_digest, pair_template_digest
from pipeline.saliency.catalogue import GENERATORS
from stores.fingerprints import fingerprint

NAME = "pair_pages.test"
JOB = "flows.jobs.pair_pages"
PAGES, IMAGES, ASSETS = "pages", "images", "assets"

# Tables over all pairs, of which a page shows the rows of its own.
_SIMILARITIES = {"similarities.test": Read("similarities.test", "similarities")}
# Where images have attributes.
_EXPLAINED = {
    "answers": Read("answers", "answers"),
    "answer_sets": Read("answer_sets", "answer_sets"),
    "explanations": Read("explanations", "explanations"),
    "replacements.test": Read(
        "replacements.test", "replacements", ("pair_id", "attribute", "kind", "effect", "replacements")
    ),
}
# Of an image: which it is, where its file lies, and what shape it has.
_SHOWN_COLUMNS = ("image_id", "path", "sha256", "width_px", "height_px")
_AUDIT = {"audit": Read("audit", "audit_outcomes")}
_COMPONENTS = {COMPONENTS: Read(COMPONENTS, "match_components")}
# One result over all pairs, as those tables are.
_ATTRIBUTE_MAPS = {
    ATTRIBUTE_MAPS: Read(ATTRIBUTE_MAPS, "maps"),
    f"{ATTRIBUTE_MAPS}/rows": Read(ATTRIBUTE_MAPS, "attribute_map_rows"),
}


def pair_pages_stage(settings: Settings) -> Stage:
    """Return the stage that makes the pages of test pairs and their images."""
    dataset, saliency = settings.dataset, settings.saliency
    audited, both_sides = dataset.declared.is_audited, saliency.correspondence.enabled
    explained, has_answer_maps = has_attributes(settings), makes_attribute_maps(settings)
    values: dict[str, Any] = {
        "split": "test",
        "generator_modes": [list(shown) for shown in saliency.generator_modes],
        "curves": settings.evaluation.curves,
        "both_sides": both_sides,
        "audited": audited,
        **({} if explained else {"explained": False}),
        **({"attribute_maps": True} if has_answer_maps else {}),
        "image_size_px": dataset.image_size_px,
        # It is no module, so no code id notices that it changes.
        "templates": pair_template_digest(),
        **_photograph_values(settings),
    }
    names = [(maps_name("test", *one), faithfulness_name(*one)) for one in saliency.generator_modes]
    upstream = ["images", "pairs.test", *_SIMILARITIES, *(_EXPLAINED if explained else ())]
    upstream += [maps for maps, _ in names]
    upstream += [curves for _, curves in names] if settings.evaluation.curves else []
    upstream += [CORRESPONDENCES] if both_sides else []
    upstream += [COMPONENTS] if both_sides and explained else []
    upstream += [ATTRIBUTE_MAPS] if has_answer_maps else []
    upstream += [true_effects_name("test"), "audit"] if audited else []
    declared = sorted({GENERATORS[generator].declared_in for generator in saliency.generators})
    return Stage(
        NAME,
        JOB,
        values,
        # Values of declarations are in settings of stages, but pages also print titles that stand there.
        tuple(declared),
        tuple(dict.fromkeys(upstream)),
        cut_pair_pages,
        paths={"dataset_root": str(dataset.root), **link_paths(dataset.follow_links_to)}
        if dataset.declared.has_photographs
        else {},
        item_limits=_limits(settings),
        keys={
            **(keys_in("dataset", PHOTOGRAPHS) if dataset.declared.has_photographs else {}),
            "both_sides": "saliency.correspondence.enabled",
        },
        costs=ShardCosts(_work, _expected),
    )


def _photograph_values(settings: Settings) -> dict[str, Any]:
    """Return what decides how a photograph looks; nothing where images are rendered."""
    dataset = settings.dataset
    if not dataset.declared.has_photographs:
        return {}
    return {**{key: getattr(dataset, key) for key in PHOTOGRAPHS}, "canvas": list(dataset.canvas)}


def _limits(settings: Settings) -> dict[str, int]:
    """Return, by stage, the most pairs of stages that cover fewer than there are: that decides how they are cut."""
    asked = {maps_name("test", *one): chosen_pairs(settings, one[0]) for one in settings.saliency.generator_modes}
    if settings.saliency.correspondence.enabled:
        asked[CORRESPONDENCES] = correspondence_pairs(settings)
    return {name: limit["most_pairs"] for name, limit in asked.items() if limit}


def cut_pair_pages(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return shards of the files that all pages share, of images, and of the pages of groups of queries.

    Style and script are in the key of their own shard alone: a change of these leaves the pages as they are.
    """
    assets = ShardPlan(ASSETS, {ASSETS: pair_assets_digest()}, {"shows": ASSETS})
    return [assets, *_image_shards(upstream, stage), *_page_shards(upstream, stage)]


def _image_shards(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard for each shard of test images; it depends on its images and on which of them are in pairs.

    These are shown large, all of them small: any may take a query's place.
    """
    pairs = upstream.table("pairs.test", "pairs")
    in_pairs = {image for side in ("query", "reference") for image in pairs[side].to_pylist()}
    links = [str(folder) for folder in followed_folders(stage)]
    ids_of: dict[str, list[str]] = {}
    for image, key in upstream.shard_of_rows("images", "images", "image_id", "test").items():
        ids_of.setdefault(key, []).append(image)
    shards = []
    for commit in upstream.commits("images", "test"):
        ids = ids_of.get(commit.shard_key, [])
        large = [image for image in ids if image in in_pairs]
        columns = commit.parts["images"].detail["column_digests"]
        inputs = {
            "pixels": commit.parts["pixels"].digest,
            "images": {name: columns[name] for name in _SHOWN_COLUMNS},
            "large": fingerprint(large),
        }
        work = {"shows": IMAGES, "images_shard": commit.shard_key, "large": large, "links": links}
        shards.append(ShardPlan(f"images/{commit.shard_label}", inputs, work, tuple(ids), ShardExtent(len(ids))))
    return shards


def _page_shards(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return the groups of queries that maps are cut into; each depends on its own maps, curves, regions and effects.

    Of the tables over all pairs each depends on the whole: they are results of one shard, which change together.
    """
    groups = pairs_of_groups(upstream, stage, "test")
    order = [pair["pair_id"] for _, pairs in groups for pair in pairs]
    tables = {name: read.digest(upstream) for name, read in _tables(stage).items()}
    sources = [_Source.of(upstream, stage, name, part) for name, part in _grouped(stage)]
    facts = _ImageFacts(upstream)
    shards, start = [], 0
    for queries, pairs in groups:
        stop = start + len(pairs)
        around = [order[start - 1] if start else None, order[stop] if stop < len(order) else None]
        start = stop
        shown = sorted({pair[side] for pair in pairs for side in ("query", "reference")})
        found = {source.stage: source.shards(queries) for source in sources}
        inputs = {
            "pairs": fingerprint([list(pair.values()) for pair in pairs]),
            "around": around,
            "images": fingerprint([facts.of(image) for image in shown]),
            "tables": tables,
            "groups": {name: [digest for _, digest in own] for name, own in found.items()},
        }
        work = {
            "shows": PAGES,
            "pairs": pairs,
            "around": around,
            "images": {image: facts.of(image) for image in shown},
            "shards": {name: [key for key, _ in own] for name, own in found.items()},
        }
        shards.append(ShardPlan(group_label(queries), inputs, work, tuple(shown), extent_of(pairs)))
    return shards


def _tables(stage: Stage) -> Mapping[str, Read]:
    settings = stage.settings
    explained = settings.get("explained", True)
    return {
        **_SIMILARITIES,
        **(_EXPLAINED if explained else {}),
        **(_COMPONENTS if settings["both_sides"] and explained else {}),
        **(_ATTRIBUTE_MAPS if settings.get("attribute_maps") else {}),
        **(_AUDIT if settings["audited"] else {}),
    }


def _grouped(stage: Stage) -> list[tuple[str, tuple[str, ...]]]:
    """Return the stages that are cut by query, with the parts that are read."""
    settings = stage.settings
    found: list[tuple[str, tuple[str, ...]]] = []
    for generator, mode in settings["generator_modes"]:
        found.append((maps_name("test", generator, mode), ("maps", "map_rows")))
        if settings["curves"]:
            found.append((faithfulness_name(generator, mode), ("faithfulness",)))
    if settings["both_sides"]:
        found.append((CORRESPONDENCES, ("maps", "components", "correspondence_rows")))
    if settings["audited"]:
        found.append((true_effects_name("test"), ("true_effects",)))
    return found


@dataclass(frozen=True)
class _Source:
    """A stage that is cut by query: the label of each query's shard, and key and digest of each shard by label."""

    stage: str
    labels: Mapping[str, str]
    commits: Mapping[str, tuple[str, str]]

    @classmethod
    def of(cls, upstream: Upstream, stage: Stage, name: str, parts: Sequence[str]) -> "_Source":
        counts = Counter(upstream.table("pairs.test", "pairs")["query"].to_pylist())
        # Curves are cut as the maps that they are of.
        maps = name.replace("faithfulness.", "saliency_maps.test.")
        labels = _labels(counts, stage.item_limits.get(maps))
        commits = {
            commit.shard_label: (commit.shard_key, fingerprint([commit.parts[part].digest for part in parts]))
            for commit in upstream.commits(name)
        }
        return cls(name, labels, commits)

    def shards(self, queries: Sequence[str]) -> list[tuple[str, str]]:
        """Return key and digest of the shards that hold any of these queries; a query may have none."""
        labels = dict.fromkeys(self.labels[query] for query in queries if query in self.labels)
        return [self.commits[label] for label in labels if label in self.commits]


def _labels(references_of: Mapping[str, int], limit: int | None) -> dict[str, str]:
    groups = content_defined_shards(chosen_queries(references_of, limit), average=QUERIES_PER_SHARD)
    return {query: group_label(group) for group in groups for query in group}


class _ImageFacts:
    """What a page says of an image, and what decides where the model's view lies on it."""

    def __init__(self, upstream: Upstream) -> None:
        table = upstream.table("images", "images", "test")
        columns = [table[name].to_pylist() for name in ("image_id", "label", "width_px", "height_px")]
        self._facts = {image: [label, width, height] for image, label, width, height in zip(*columns, strict=True)}

    def of(self, image: str) -> list[Any]:
        """Return label, width and height in px of an image's file."""
        return self._facts[image]


def _expected(stage: Stage, facts: Facts) -> list[ShardExtent]:
    return [
        ShardExtent(),
        *image_extents("test")(stage, facts),
        *query_extents("test", with_references=True)(stage, facts),
    ]


def _work(stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    del facts
    if not extent.groups:
        photographs = extent.items if "fit" in stage.settings else 0
        return Work(images=photographs, rates={"prepared_image": extent.items, "read_part": 2})
    # A page draws each of the pair's maps, about as much as making one image.
    pages, maps = extent.members, len(stage.settings["generator_modes"])
    return Work(rates={"prepared_image": pages * (1 + maps), "read_part": 2 * len(_grouped(stage))})
