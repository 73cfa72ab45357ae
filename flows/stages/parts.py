"""Where named parts lie on photographs, where the dataset's release says it."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.settings.configuration import Settings
from flows.stages.conditions import has_attributes
from flows.stages.user_keys import keys_in
from pipeline.datasets.catalogue import located_parts
from stores.file_digests import FileDigests
from stores.table_schema import NUMBER, TEXT, Column, TableSchema

LOG = logging.getLogger("sane")
PARTS_STAGE = "part_locations"

PART_LOCATIONS = TableSchema(
    "part_locations",
    "One row per image and part that can be seen on it, where the dataset's release locates parts.",
    (
        Column("image_id", TEXT, "of the image"),
        Column("part", TEXT, "as the release names it"),
        Column("x_px", NUMBER, "from the left edge of the photograph"),
        Column("y_px", NUMBER, "from its upper edge"),
    ),
)


def has_parts(settings: Settings) -> bool:
    """Return whether maps can be held against parts: the release locates them, and attributes are of them."""
    return settings.dataset.declared.parts is not None and has_attributes(settings)


def part_values(settings: Settings) -> dict[str, Any]:
    """Return the settings that say where parts lie in the squares that a model sees."""
    return {"dataset": settings.dataset.kind, "fit": settings.dataset.fit}


def part_code(settings: Settings) -> tuple[str, ...]:
    """Return the module that knows the parts of the dataset, which jobs find by its declaration alone."""
    declared = settings.dataset.declared.parts
    return () if declared is None else (declared.module,)


def part_locations_stage(settings: Settings) -> Stage:
    """Return the stage that reads where parts lie."""
    values = {"kind": settings.dataset.kind}
    return Stage(
        PARTS_STAGE,
        "flows.jobs.part_locations",
        values,
        part_code(settings),
        (),
        cut_part_locations,
        {"dataset_root": str(settings.dataset.root)},
        tables=(PART_LOCATIONS,),
        check_inputs=_tell_missing,
        keys=keys_in("dataset", values),
    )


def cut_part_locations(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard, which depends on the files that locate parts; without one of them on nothing."""
    root, files = _files(stage)
    if not all(path.is_file() for path in files):
        return [ShardPlan("all", {"files": {}}, {"root": None})]
    digests = FileDigests(upstream.store.root.child("file_digests.parquet")).digest_files([str(path) for path in files])
    by_name = {path.relative_to(root).as_posix(): digests[str(path)] for path in files}
    return [ShardPlan("all", {"files": by_name}, {"root": str(root)})]


def _files(stage: Stage) -> tuple[Path, list[Path]]:
    root = Path(str(stage.paths["dataset_root"]))
    return root, [root / name for name in located_parts(stage.settings["kind"]).files]


def _tell_missing(stage: Stage, _stages: Mapping[str, Stage]) -> None:
    root, files = _files(stage)
    missing = [path.relative_to(root).as_posix() for path in files if not path.is_file()]
    if missing:
        LOG.warning(
            "%s: no %s in %s: whether maps find the parts that attributes are of is not measured; restore it from the "
            "release",
            stage.name,
            " and no ".join(missing),
            root,
        )
