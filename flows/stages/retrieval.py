"""How well the explained model finds images of a query's class; and by which camera an image was taken."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from flows.engine.cuts import Reads
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.settings.configuration import Settings
from flows.stages.conditions import measures_retrieval
from flows.stages.dataset_index import dataset_index, link_paths
from flows.stages.metrics import METRICS
from flows.stages.reads import single_shard_stage
from flows.stages.user_keys import keys_in
from pipeline.datasets.cameras import CameraIndex
from pipeline.errors import BadDataset
from stores.fingerprints import fingerprint
from stores.table_schema import FLAG, INTEGER, NUMBER, TEXT, Column, TableSchema

RETRIEVAL_STAGE, VIEWS_STAGE = "retrieval.test", "image_views.test"

RETRIEVAL = TableSchema(
    "retrieval",
    "The columns of [`metrics`](#metrics-1), before the stage `metrics` copies the rows and fills in what all share; "
    "a table of their own so that no query counts them twice.",
    METRICS.columns,
)

RETRIEVAL_QUERIES = TableSchema(
    "retrieval_queries",
    "One row per query, in the order of the images; the figures of `retrieval` are means of its columns.",
    (
        Column("query", TEXT, "image id"),
        Column("label", TEXT, "its class"),
        Column("nearest", TEXT, "image id of the candidate with the largest cosine; null without one", nullable=True),
        Column("nearest_label", TEXT, "its class", nullable=True),
        Column("is_right", FLAG, "the nearest is a true match; null where the query has none", nullable=True),
        Column("matches", INTEGER, "R: true matches among the candidates"),
        Column("first_match_rank", INTEGER, "rank of the nearest true match, from 1", nullable=True),
        Column("r_precision", NUMBER, "share of true matches among the R nearest", nullable=True),
        Column("average_precision_at_r", NUMBER, "whose mean is MAP@R", nullable=True),
        Column("average_precision", NUMBER, "over all candidates: mean precision at the true matches", nullable=True),
        Column(
            "market_average_precision",
            NUMBER,
            "likewise, as the evaluation of Market-1501 has it: straight lines between matches",
            nullable=True,
        ),
    ),
)

IMAGE_VIEWS = TableSchema(
    "image_views",
    "One row per test image of a dataset with cameras.",
    (
        Column("image_id", TEXT, "of the image"),
        Column("camera", INTEGER, "number of the camera that took it"),
        Column("is_query", FLAG, "it is looked for; else it is in the gallery that is searched"),
    ),
)


def retrieval_stages(settings: Settings) -> list[Stage]:
    """Return the stage of retrieval, after that of cameras where there are any; none where it is not measured."""
    if not measures_retrieval(settings):
        return []
    declared = settings.dataset.declared
    reads: Reads = {
        "images": [["images", ["image_id", "label"], "test"]],
        "embeddings": [["embeddings", None, "test"]],
    }
    if declared.has_cameras:
        reads[VIEWS_STAGE] = [["image_views", None, ""]]
    values = {
        "recall_ranks": list(declared.recall_ranks),
        "seed": settings.seed,
        "bootstrap_samples": settings.evaluation.bootstrap_samples,
    }
    stage = single_shard_stage(RETRIEVAL_STAGE, "flows.jobs.retrieval", values, reads, (RETRIEVAL, RETRIEVAL_QUERIES))
    checked = replace(stage, check_inputs=None if declared.has_cameras else _check_company)
    return [*([_views_stage(settings)] if declared.has_cameras else []), checked]


def _views_stage(settings: Settings) -> Stage:
    dataset = settings.dataset
    values = dataset.model_dump(include={"kind", *dataset.declared.own_keys})
    return Stage(
        VIEWS_STAGE,
        "flows.jobs.image_views",
        values,
        (dataset.declared.index_module,),
        (),
        cut_image_views,
        {"dataset_root": str(dataset.root), **link_paths(dataset.follow_links_to)},
        tables=(IMAGE_VIEWS,),
        keys=keys_in("dataset", values),
    )


def cut_image_views(_upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard: camera and role of every test image, unreadable ones included.

    Raises:
        BadDataset: the dataset on disk is missing or malformed.
    """
    index = dataset_index(stage)
    assert isinstance(index, CameraIndex)
    rows = [{"image_id": view.image_id, "camera": view.camera, "is_query": view.is_query} for view in index.views]
    return [ShardPlan("all", {"rows": fingerprint(rows)}, {"rows": rows})]


def _check_company(_stage: Stage, stages: Mapping[str, Stage]) -> None:
    """Refuse test images that nothing matches, before anything is computed.

    Raises:
        BadDataset: there is such an image, or the dataset on disk is missing or malformed.
    """
    index = dataset_index(stages["images"])
    counts = Counter(record.label for record in index.records if record.split == "test")
    alone = sorted(label for label, count in counts.items() if count < 2)
    if alone:
        raise BadDataset(
            expected="at least two test images of every label: a query of retrieval needs a true match",
            found=f"one of {len(alone)} labels: {', '.join(alone[:5])}{' ...' if len(alone) > 5 else ''}",
            where=f"the test split of {index.root or index.name}",
            remedy="add or drop images, or leave retrieval out by evaluation.retrieval = false",
        )
