"""The schema of every table that a stage of some configuration declares, and of those that are made of records."""

from flows.engine.history_tables import FAILURES, RUNS, RUNTIME
from flows.settings.configuration import Settings
from flows.stages.graph import build_stages
from pipeline.saliency.catalogue import GENERATORS
from stores.table_schema import TableSchema

DATASETS = (
    {"dataset": {"kind": "planted"}},
    {"dataset": {"kind": "awa2", "root": "data"}},
    {"dataset": {"kind": "polyvore_outfits", "root": "data"}, "similarity_model": {"kind": "type_aware"}},
    {"dataset": {"kind": "polyvore_outfits", "root": "data"}, "pairs": {"file": "pairs.txt"}},
    {"dataset": {"kind": "market1501", "root": "data"}},
    {"dataset": {"kind": "cub200", "root": "data"}},
    {"dataset": {"kind": "folder", "root": "data", "table": "items.csv"}},
    {
        "dataset": {"kind": "folder", "root": "data", "table": "items.csv"},
        "similarity_model": {"objective": "contrastive"},
    },
    {"dataset": {"kind": "folder", "root": "data", "table": "items.csv", "attributes": "discovered"}},
    {"dataset": {"kind": "awa2", "root": "data"}, "similarity_model": {"kind": "user", "program": "model.pt2"}},
)


def all_settings() -> list[Settings]:
    """Settings that between them have every stage."""
    both_sides = {"correspondence": {"enabled": True}}
    generators = {"saliency": {"generators": list(GENERATORS), **both_sides}}
    black_box = {"saliency": {"generators": ["rise", "random", "centre"], **both_sides}}
    return [
        Settings.model_validate(
            {
                **one,
                **(black_box if "program" in str(one) else generators),
                "evaluation": {"map_protocols": True},
                "discovery": {"enabled": True},
            }
        )
        for one in DATASETS
    ]


def stage_schemas() -> dict[str, TableSchema]:
    """Every schema that a stage declares, by name."""
    stages = [stage for settings in all_settings() for stage in build_stages(settings)]
    return {schema.name: schema for stage in stages for schema in stage.tables}


SCHEMAS = stage_schemas()
RECORD_SCHEMAS = {schema.name: schema for schema in (RUNTIME, RUNS, FAILURES)}
