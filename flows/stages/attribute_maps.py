"""Where in the query the attribute is that answers: from the kept passes of RISE, so without any of its own."""

from dataclasses import replace

from flows.engine.cuts import Reads
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.conditions import has_attributes, has_conditions
from flows.stages.generator_spec import generator_spec, spec_keys
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
    "One row per test pair of planted data that an attribute explains: how well two maps find the pixels of the query "
    "that change under any edit of this attribute; null where these are none or above half of the image.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("attribute", TEXT, "that answers"),
        Column("auroc", NUMBER, "of the attribute's own map, 0 to 1; 0.5 is chance", nullable=True),
        Column("match_auroc", NUMBER, "of the pair's RISE map", nullable=True),
    ),
)


def attribute_maps_stages(settings: Settings) -> list[Stage]:
    """Return the stage where RISE's passes of test queries are kept and the model has one embedding, else none."""
    if not makes_attribute_maps(settings):
        return []
    audited = settings.dataset.declared.is_audited
    kept, maps = perturbed_name("test", RISE), maps_name("test", RISE, FIXED)
    values = {
        "spec": generator_spec(settings, RISE, FIXED),
        "perturbed": kept,
        "image_size_px": settings.dataset.image_size_px,
        "seed": settings.seed,
        **({"dataset": rendered(settings), "maps": maps} if audited else {}),
    }
    columns = ["image_id", "label", "attributes"]
    reads: Reads = {
        **pair_reads("test"),
        "images": [["images", columns, split] for split in ("train", "test")],
        "embeddings": [["embeddings", None, "train"]],
        "answers": [["answers", ["pair_id", "attribute"], ""]],
        kept: [["embeddings", None, ""], ["queries", None, ""]],
        **({maps: [["maps", None, ""], ["map_rows", None, ""]]} if audited else {}),
    }
    tables = (ATTRIBUTE_MAP_ROWS, *([ATTRIBUTE_LOCALISATION] if audited else []))
    stage = single_shard_stage(NAME, "flows.jobs.attribute_maps", values, reads, tables)
    return [replace(stage, keys={**spec_keys(settings, RISE), "dataset": "dataset"})]


def makes_attribute_maps(settings: Settings) -> bool:
    """Return whether there are maps of attributes: RISE's passes are kept, and no condition changes the embedding."""
    made = RISE in settings.saliency.generators and are_kept(settings, "test", RISE)
    return made and has_attributes(settings) and not has_conditions(settings)
