"""Which pairs of a split are explained, or train the attribute models: sampled, from outfits, or of a released list."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from flows.engine.cuts import Read, one_shard_of
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.settings.configuration import Settings
from flows.stages.conditions import has_outfits
from flows.stages.dataset import match_threshold
from flows.stages.dataset_index import dataset_index
from pipeline.pairs.lists import ListedPair, check_missing, read_pair_list
from stores.fingerprints import fingerprint
from stores.table_schema import FLAG, INTEGER, TEXT, TEXTS, Column, TableSchema

PAIRS = TableSchema(
    "pairs",
    "One row per ordered pair, sorted by query.",
    (
        Column("pair_id", TEXT, "16 hexadecimal digits of sha256 over split, query, reference and condition"),
        Column("split", TEXT, "of both images"),
        Column("query", TEXT, "image id of the image that is explained"),
        Column("reference", TEXT, "image id of the image it is compared with"),
        Column(
            "is_match", FLAG, "false for the lines with label 0 of a released list, which are kept and not explained"
        ),
        Column(
            "condition",
            TEXT,
            "the pair of item types, as in `type_pairs`; null where items have no types",
            nullable=True,
        ),
        Column(
            "negatives",
            TEXTS,
            "always null: negatives depend on the model, pairs do not; see [`negatives`](#negatives)",
            nullable=True,
        ),
    ),
)

MISSING_IMAGES = TableSchema(
    "missing_images",
    "One row per image that the list names and the test split does not have.",
    (
        Column("image_id", TEXT, "as the list names it"),
        Column("lines", INTEGER, "lines that name it"),
    ),
)

IMAGE_COLUMNS = ("image_id", "label")


def pairs_stage(settings: Settings, split: str) -> Stage:
    """Return the stage of a split's pairs, however they come about."""
    if split == "test" and settings.pairs.file is not None:
        return _listed_stage(settings, split)
    return _outfit_pairs_stage(settings, split) if has_outfits(settings) else _sampled_stage(settings, split)


def _sampling(settings: Settings, split: str) -> dict[str, object]:
    chosen = settings.pairs
    return {
        "split": split,
        "references": chosen.train_references if split == "train" else chosen.references,
        "most_pairs": {"train": chosen.train, "valid": chosen.valid, "test": chosen.test}[split],
        **_choice(settings, split),
    }


def _choice(settings: Settings, split: str) -> dict[str, object]:
    """Return the seed of the choice, and whether directions are added: named only then, so that other keys stay."""
    seed = settings.seed if settings.pairs.seed is None else settings.pairs.seed
    return {"seed": seed, **({} if split == "train" else asked_directions(settings))}


def asked_directions(settings: Settings) -> dict[str, object]:
    """Return the setting of stages to which it matters that pairs are there in both directions; {} where not."""
    return {"both_directions": True} if settings.pairs.both_directions else {}


def _keys(settings: Settings, split: str) -> dict[str, str]:
    references = "train_references" if split == "train" else "references"
    seed = {} if settings.pairs.seed is None else {"seed": "pairs.seed"}
    return {"references": f"pairs.{references}", "most_pairs": f"pairs.{split}", **seed}


def _sampled_stage(settings: Settings, split: str) -> Stage:
    reads = {"rows": Read("images", "images", (*IMAGE_COLUMNS, "similarity_target"), split)}
    return Stage(
        f"pairs.{split}",
        "flows.jobs.pairs",
        {**_sampling(settings, split), "match_threshold": match_threshold(settings)},
        (),
        ("images",),
        one_shard_of(reads),
        tables=(PAIRS,),
        keys=_keys(settings, split),
    )


def _outfit_pairs_stage(settings: Settings, split: str) -> Stage:
    reads = {
        "rows": Read("images", "images", IMAGE_COLUMNS, split),
        "outfits": Read(f"outfits.{split}", "outfits"),
        "type_pairs": Read("type_pairs", "type_pairs"),
    }
    return Stage(
        f"pairs.{split}",
        "flows.jobs.outfit_pairs",
        _sampling(settings, split),
        (),
        ("images", f"outfits.{split}", "type_pairs"),
        one_shard_of(reads),
        tables=(PAIRS,),
        keys=_keys(settings, split),
    )


def _listed_stage(settings: Settings, split: str) -> Stage:
    values = {
        "split": split,
        "most_pairs": settings.pairs.test,
        **_choice(settings, split),
        "has_outfits": has_outfits(settings),
    }
    return Stage(
        f"pairs.{split}",
        "flows.jobs.listed_pairs",
        values,
        (),
        ("images", *(["type_pairs"] if has_outfits(settings) else [])),
        cut_listed_pairs,
        {"pairs_file": str(settings.pairs.file)},
        tables=(PAIRS, MISSING_IMAGES),
        keys=_keys(settings, split),
        check_inputs=partial(_check_list, settings.pairs.max_missing_share),
    )


def cut_listed_pairs(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard: the lines of the list, wherever it lies, and the images that are there.

    Raises:
        BadDataset: the list is missing or malformed.
    """
    lines = [[pair.query, pair.reference, int(pair.is_match)] for pair in listed_pairs(stage)]
    inputs = {
        "rows": upstream.column_digest("images", "images", IMAGE_COLUMNS, stage.settings["split"]),
        "lines": fingerprint(lines),
    }
    if stage.settings["has_outfits"]:
        inputs["type_pairs"] = upstream.part_digest("type_pairs", "type_pairs")
    return [ShardPlan("all", inputs, {"lines": lines})]


def _check_list(most_missing: float, stage: Stage, stages: Mapping[str, Stage]) -> None:
    """Refuse a released list that does not fit the dataset, before an image is opened.

    Raises:
        BadDataset: the list or the dataset is missing or malformed, or too many of its images are not there.
    """
    split = stage.settings["split"]
    image_ids = {record.image_id for record in dataset_index(stages["images"]).records if record.split == split}
    check_missing(Path(str(stage.paths["pairs_file"])), listed_pairs(stage), image_ids, most_missing)


def listed_pairs(stage: Stage) -> list[ListedPair]:
    """Return the lines of the list that a stage of listed pairs reads.

    Raises:
        BadDataset: the list is missing or malformed.
    """
    return read_pair_list(Path(str(stage.paths["pairs_file"])))
