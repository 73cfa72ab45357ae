"""Where in the query the attribute is that answers: from the kept passes of RISE, so without any of its own."""

from dataclasses import replace
from typing import Any

from flows.engine.cuts import Reads
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.conditions import has_attributes, has_conditions
from flows.stages.generator_spec import generator_spec, spec_keys
from flows.stages.parts import PARTS_STAGE, has_parts, part_code, part_values
from flows.stages.perturbed_embeddings import are_kept, perturbed_name
from flows.stages.reads import pair_reads, single_shard_stage
from flows.stages.saliency_maps import maps_name
from flows.stages.true_effects import rendered
from pipeline.saliency.declaration import FIXED
from stores.table_schema import INTEGER, NUMBER, TEXT, Column, TableSchema

NAME = "attribute_maps.test"
RISE = "rise"

ATTRIBUTE_MAP_ROWS = TableSchema(
    "attribute_map_rows",
    "One row per test query and attribute that answers for one of its pairs.",
    (
        Column("query", TEXT, "image id"),
        Column("attribute", TEXT, "name"),
        Column("row", INTEGER, "position within the array `maps`"),
    ),
)

ATTRIBUTE_LOCALISATION = TableSchema(
    "attribute_localisation",
    "One row per test pair that an attribute explains, where it is known where this attribute is: how well maps find "
    "it on the query. Planted data: the pixels that change under any edit of it; a release that locates parts: discs "
    "around the parts that it is of. Null where these are nowhere or above half of the image.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("attribute", TEXT, "that answers"),
        Column("auroc", NUMBER, "of the attribute's own map, 0 to 1; 0.5 is chance", nullable=True),
        Column("match_auroc", NUMBER, "of the pair's RISE map", nullable=True),
        Column("centre_auroc", NUMBER, "of a blob in the middle of the image, which knows nothing", nullable=True),
    ),
)


def attribute_maps_stages(settings: Settings) -> list[Stage]:
    """Return the stage where RISE's passes of test queries are kept and the model has one embedding, else none."""
    if not makes_attribute_maps(settings):
        return []
    known = _known_places(settings)
    kept, maps = perturbed_name("test", RISE), maps_name("test", RISE, FIXED)
    values = {
        "spec": generator_spec(settings, RISE, FIXED),
        "perturbed": kept,
        "image_size_px": settings.dataset.image_size_px,
        "seed": settings.seed,
        **({**known, "maps": maps} if known else {}),
    }
    columns = ["image_id", "label", "attributes", *(["width_px", "height_px"] if "parts" in known else [])]
    reads: Reads = {
        **pair_reads("test"),
        "images": [["images", columns, split] for split in ("train", "test")],
        "embeddings": [["embeddings", None, "train"]],
        "answers": [["answers", ["pair_id", "attribute"], ""]],
        kept: [["embeddings", None, ""], ["queries", None, ""]],
        **({maps: [["maps", None, ""], ["map_rows", None, ""]]} if known else {}),
        **({PARTS_STAGE: [["part_locations", None, ""]]} if "parts" in known else {}),
    }
    tables = (ATTRIBUTE_MAP_ROWS, *([ATTRIBUTE_LOCALISATION] if known else []))
    stage = single_shard_stage(NAME, "flows.jobs.attribute_maps", values, reads, tables, part_code(settings))
    return [replace(stage, keys={**spec_keys(settings, RISE), "dataset": "dataset"})]


def _known_places(settings: Settings) -> dict[str, Any]:
    """Return the settings that say where attributes are; none where that is not known."""
    if settings.dataset.declared.is_audited:
        return {"dataset": rendered(settings)}
    return {"parts": part_values(settings)} if has_parts(settings) else {}


def locates_attributes(settings: Settings) -> bool:
    """Return whether maps of attributes are held against where the attributes are."""
    return makes_attribute_maps(settings) and bool(_known_places(settings))


def makes_attribute_maps(settings: Settings) -> bool:
    """Return whether there are maps of attributes: RISE's passes are kept, and no condition changes the embedding."""
    made = RISE in settings.saliency.generators and are_kept(settings, "test", RISE)
    return made and has_attributes(settings) and not has_conditions(settings)
