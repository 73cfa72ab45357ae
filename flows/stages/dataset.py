"""The start of the graph: files, or rendered items, become a vocabulary, labelled pixels and outfits."""

from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages import dataset_shards as dataset
from flows.stages import outfit_shards as outfits

SPLITS = ("train", "valid", "test")


def dataset_stages(settings: Settings) -> list[Stage]:
    """Return the stages that turn files, or rendered items, into labelled pixels."""
    chosen = settings.dataset
    kind = chosen.declared
    paths = {"dataset_root": None if chosen.root is None else str(chosen.root)}
    if chosen.table is not None:
        paths["dataset_table"] = str(chosen.table)
    values = chosen.model_dump(include=set(kind.pixel_settings))
    images = ("pipeline.datasets.records", kind.pixels_module)
    notes = (kind.index_module, "pipeline.datasets.attribute_notes")
    # How many items there are is no setting of a shard: with more of them the others stay as they are.
    item_limits = chosen.model_dump(include=set(kind.item_limits))
    return [
        Stage(
            "vocabulary", "vocabulary", {**values}, notes, (), dataset.plan_vocabulary, paths, item_limits=item_limits
        ),
        Stage("images", "images", values, images, (), dataset.plan_images, paths, item_limits=item_limits),
        *(outfit_stages(settings, paths) if kind.has_outfits else []),
    ]


def outfit_stages(settings: Settings, paths: dict[str, str | None]) -> list[Stage]:
    """Return the stages that say which images were put together, and which pairs of types there are."""
    kind = settings.dataset.declared
    values = settings.dataset.model_dump(include={"kind", *kind.own_keys})
    code = (kind.index_module,)
    stages = [
        Stage(f"outfits.{split}", "outfits", {**values, "split": split}, code, (), outfits.plan_outfits, paths)
        for split in SPLITS
    ]
    return [*stages, Stage("type_pairs", "type_pairs", values, code, (), outfits.plan_type_pairs, paths)]


def match_threshold(settings: Settings) -> float:
    """Return the least graded similarity of a match; 0 where images match by their labels."""
    return settings.pairs.match_threshold if settings.dataset.declared.has_graded_similarity else 0.0
