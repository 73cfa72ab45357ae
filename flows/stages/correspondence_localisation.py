"""Whether both sides' maps find the causes of a match and tell them apart: rendered items only."""

from dataclasses import replace

from flows.engine.cuts import Reads
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.cell_effects import NAME as CELL_EFFECTS
from flows.stages.correspondences import COMPONENTS
from flows.stages.correspondences import NAME as CORRESPONDENCES
from flows.stages.reads import pair_reads, single_shard_stage
from flows.stages.true_effects import rendered, true_effects_name
from stores.table_schema import NUMBER, TEXT, TEXTS, Column, TableSchema

NAME = "correspondence_localisation.test"

CORRESPONDENCE_LOCALISATION = TableSchema(
    "correspondence_localisation",
    "One row per test pair of planted data, cause, side and map: how well the map finds the pixels that the cause "
    "occupies. Causes are attributes of both images whose edit in the query moves the score beyond the audit's "
    "floor; those whose pixels are none or above half of an image are passed over.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("cause", TEXT, "`first` for the largest effect, `second` for the next"),
        Column("attribute", TEXT, "that is the cause"),
        Column(
            "map",
            TEXT,
            "`one_sided`: RISE's of this image against the other as it is; `joint`: joint effects with all of the "
            "other image; `leading_component`; `matching_component`: the one that finds the cause best in the query; "
            "`row`: joint effects with the query's true region, in the reference alone; `centre`: a blob",
        ),
        Column("side", TEXT, "`query` or `reference`"),
        Column("auroc", NUMBER, "0 to 1; 0.5 is chance", nullable=True),
        Column("pointing_hit", NUMBER, "1 where the map's peak lies in the region; of ties the share", nullable=True),
    ),
)

CORRESPONDENCE_CAUSES = TableSchema(
    "correspondence_causes",
    "One row per test pair of planted data that is explained from both sides: its causes, and whether they are told "
    "apart.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("causes", TEXTS, "largest effect first"),
        Column(
            "told_apart_by_region",
            NUMBER,
            "of the first two causes, the share whose place in the query points to its own place in the reference "
            "rather than to the other's; null where pixels cannot tell them apart",
            nullable=True,
        ),
        Column(
            "told_apart_by_components",
            NUMBER,
            "1 where two components pair both causes rightly, else 0; null likewise",
            nullable=True,
        ),
        Column("first_named", NUMBER, "1 where the first component is named by the first cause", nullable=True),
        Column("second_named", NUMBER, "1 where the second is named by the second cause", nullable=True),
        Column("a_cause_named", NUMBER, "1 where the name of the first component is one of the causes", nullable=True),
    ),
)


def correspondence_localisation_stage(settings: Settings) -> Stage:
    """Return the stage."""
    effects = true_effects_name("test")
    reads: Reads = {
        **pair_reads("test"),
        CELL_EFFECTS: [["effects", None, ""], ["cell_effect_rows", None, ""]],
        CORRESPONDENCES: [["maps", None, ""], ["components", None, ""], ["correspondence_rows", None, ""]],
        COMPONENTS: [["match_components", ["pair_id", "component", "attribute"], ""]],
        effects: [
            ["true_effects", ["pair_id", "attribute", "present", "in_reference", "effect"], ""],
            ["null_effects", ["effect"], ""],
        ],
    }
    tables = (CORRESPONDENCE_LOCALISATION, CORRESPONDENCE_CAUSES)
    values = {"dataset": rendered(settings)}
    stage = single_shard_stage(NAME, "flows.jobs.correspondence_localisation", values, reads, tables)
    return replace(stage, keys={"dataset": "dataset"})
