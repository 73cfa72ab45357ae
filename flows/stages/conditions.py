"""Where the explained model scores pairs under conditions: what every stage that scores pairs reads and depends on."""

from typing import Any

from flows.engine.cuts import Read, Reads
from flows.engine.stage import Stage
from flows.engine.upstream import Upstream
from flows.settings.configuration import Settings
from stores.table_schema import INTEGER, TEXT, Column, TableSchema

CONDITIONS = TableSchema(
    "conditions",
    "One row per mask, in the row order of the array `masks`: the type pairs that training "
    "outfits hold, or those that the user's model names.",
    (
        Column("position", INTEGER, "row of the mask, from 0"),
        Column(
            "condition",
            TEXT,
            "as in `type_pairs`; of a user's model also names that are not there, which no pair that is explained has",
        ),
    ),
)

MASK_PARTS = ("condition_masks", "conditions")


def has_outfits(settings: Settings) -> bool:
    """Return whether the dataset says which images were put together."""
    return settings.dataset.declared.has_outfits


def has_attributes(settings: Settings) -> bool:
    """Return whether images have attributes, of the dataset or discovered, so that matches are explained in words."""
    return settings.dataset.declared.has_attributes or settings.has_discovered_labels


def measures_retrieval(settings: Settings) -> bool:
    """Return whether retrieval is measured: as asked, else where the dataset is made for it."""
    asked = settings.evaluation.retrieval
    return settings.dataset.declared.is_for_retrieval if asked is None else asked


def has_conditions(settings: Settings) -> bool:
    """Return whether the explained model scores pairs under conditions."""
    return settings.similarity_model.kind == "type_aware" or settings.similarity_model.conditions


def condition_values(settings: Settings) -> dict[str, Any]:
    """Return the setting of stages that score pairs; none for models without, so that their keys stay."""
    return {"has_conditions": True} if has_conditions(settings) else {}


def condition_upstream(settings: Settings) -> tuple[str, ...]:
    """Return the stage that holds the masks, where there are any."""
    return ("similarity_model",) if has_conditions(settings) else ()


def condition_reads(settings: Settings) -> Reads:
    """Return what stages of one shard read of the model, where it has masks."""
    return {"similarity_model": [[part, None, ""] for part in MASK_PARTS]} if has_conditions(settings) else {}


def named_condition_reads(settings: Settings) -> dict[str, Read]:
    """Return the same by name, for cuts of one shard."""
    return {part: Read("similarity_model", part) for part in MASK_PARTS} if has_conditions(settings) else {}


def condition_inputs(upstream: Upstream, stage: Stage) -> dict[str, str]:
    """Return what a shard that scores pairs depends on besides, where the model has conditions; else nothing."""
    if not stage.settings.get("has_conditions"):
        return {}
    return {part: upstream.part_digest("similarity_model", part) for part in MASK_PARTS}
