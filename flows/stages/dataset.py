"""The start of the graph: files, or rendered items, become a vocabulary, labelled pixels and outfits."""

from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages import dataset_shards as dataset
from flows.stages import outfit_shards as outfits

SPLITS = ("train", "valid", "test")
# The settings that change pixels or labels, the module that makes the index, and the one that makes the pixels.
DECODED = ("kind", "image_size_px", "canvas", "effective_resolution_px")
BY_KIND: dict[str, tuple[tuple[str, ...], str, str]] = {
    "planted": (
        ("kind", "seed", "image_size_px", "distractor_correlation"),
        "pipeline.datasets.planted.index",
        "pipeline.datasets.planted.renderer",
    ),
    "awa2": ((*DECODED, "validation_images"), "pipeline.datasets.awa2", "pipeline.datasets.image_decoding"),
    "polyvore_outfits": (
        (*DECODED, "outfit_splits"),
        "pipeline.datasets.polyvore_outfits",
        "pipeline.datasets.image_decoding",
    ),
    "folder": (DECODED, "pipeline.datasets.folder", "pipeline.datasets.image_decoding"),
}


def dataset_stages(settings: Settings) -> list[Stage]:
    """Return the stages that turn files, or rendered items, into labelled pixels."""
    chosen = settings.dataset
    paths = {"dataset_root": None if chosen.root is None else str(chosen.root)}
    if chosen.table is not None:
        paths["dataset_table"] = str(chosen.table)
    named, index, decoder = BY_KIND[chosen.kind]
    values = chosen.model_dump(include=set(named))
    images = ("pipeline.datasets.records", decoder)
    notes = (index, "pipeline.datasets.attribute_notes")
    # How many planted items there are is no setting of a shard: with more of them the others stay as they are.
    item_limits = chosen.model_dump(include={"train_items", "valid_items", "test_items"})
    return [
        Stage(
            "vocabulary", "vocabulary", {**values}, notes, (), dataset.plan_vocabulary, paths, item_limits=item_limits
        ),
        Stage("images", "images", values, images, (), dataset.plan_images, paths, item_limits=item_limits),
        *(outfit_stages(settings, paths) if chosen.kind == "polyvore_outfits" else []),
    ]


def outfit_stages(settings: Settings, paths: dict[str, str | None]) -> list[Stage]:
    """Return the stages that say which images were put together, and which pairs of types there are."""
    values = settings.dataset.model_dump(include={"kind", "outfit_splits"})
    code = ("pipeline.datasets.polyvore_outfits",)
    stages = [
        Stage(f"outfits.{split}", "outfits", {**values, "split": split}, code, (), outfits.plan_outfits, paths)
        for split in SPLITS
    ]
    return [*stages, Stage("type_pairs", "type_pairs", values, code, (), outfits.plan_type_pairs, paths)]
