"""Which images were put together, and which pairs of item types there are; datasets of outfits only."""

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.settings.configuration import Settings
from flows.stages.dataset_index import dataset_index
from flows.stages.reads import SPLITS
from flows.stages.user_keys import keys_in
from pipeline.datasets.outfits import OutfitIndex
from stores.fingerprints import fingerprint
from stores.table_schema import INTEGER, TEXT, TEXTS, Column, TableSchema

OUTFITS = TableSchema(
    "outfits",
    "One row per outfit, in the release's order.",
    (
        Column("outfit_id", TEXT, "the release's `set_id`"),
        Column("split", TEXT, "of the outfit"),
        Column("items", TEXTS, "image ids in the order of the release's `index`, each once; unreadable ones included"),
    ),
)

TYPE_PAIRS = TableSchema(
    "type_pairs",
    "One row per unordered pair of item types that outfits bring together, a type with itself included.",
    (
        Column("position", INTEGER, "number of the condition, from 0"),
        Column("condition", TEXT, "both types in alphabetical order, with a bar between them"),
        Column("first_type", TEXT, "the alphabetically first"),
        Column("second_type", TEXT, "the other"),
    ),
)


def outfit_stages(settings: Settings, paths: dict[str, str | None]) -> list[Stage]:
    """Return the stages that say which images were put together, and which pairs of types there are."""
    kind = settings.dataset.declared
    values = settings.dataset.model_dump(include={"kind", *kind.own_keys})
    code = (kind.index_module,)
    stages = [
        Stage(
            f"outfits.{split}",
            "flows.jobs.outfits",
            {**values, "split": split},
            code,
            (),
            cut_outfits,
            paths,
            tables=(OUTFITS,),
            keys=keys_in("dataset", values),
        )
        for split in SPLITS
    ]
    type_pairs = Stage(
        "type_pairs",
        "flows.jobs.type_pairs",
        values,
        code,
        (),
        cut_type_pairs,
        paths,
        tables=(TYPE_PAIRS,),
        keys=keys_in("dataset", values),
    )
    return [*stages, type_pairs]


def cut_outfits(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard: the outfits of one split, each with its items in order."""
    split = stage.settings["split"]
    outfits = [outfit for outfit in outfit_index(stage).outfits if outfit.split == split]
    rows = [{"outfit_id": outfit.outfit_id, "split": split, "items": list(outfit.items)} for outfit in outfits]
    return [ShardPlan("all", {"rows": fingerprint(rows)}, {"rows": rows})]


def cut_type_pairs(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard: the pairs of item types in the order that numbers their conditions."""
    pairs = [list(pair) for pair in outfit_index(stage).type_pairs]
    return [ShardPlan("all", {"pairs": pairs}, {"pairs": pairs})]


def outfit_index(stage: Stage) -> OutfitIndex:
    """Return the index of the dataset of a stage that only datasets of outfits have.

    Raises:
        BadDataset: the dataset on disk is missing or malformed.
    """
    index = dataset_index(stage)
    assert isinstance(index, OutfitIndex)
    return index
