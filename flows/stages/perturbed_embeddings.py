"""Embeddings of perturbed queries, kept so that a new reference, condition or mode costs no pass of a query."""

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.settings.generators import KeepingSection
from flows.stages.conditions import has_attributes
from flows.stages.facts import Facts
from flows.stages.generator_spec import generator_spec, spec_keys
from flows.stages.query_groups import chosen_pairs, group_label, pairs_of_groups, pixel_digests, query_extents
from flows.stages.reads import SPLITS
from flows.stages.user_model import embedding_code, model_paths
from pipeline.saliency.catalogue import GENERATORS, query_perturbations
from pipeline.saliency.declaration import FIXED
from stores.fingerprints import fingerprint
from stores.table_schema import INTEGER, TEXT, Column, TableSchema

PERTURBED_QUERIES = TableSchema(
    "perturbed_queries",
    "One row per query whose perturbed embeddings are kept.",
    (
        Column("query", TEXT, "image id"),
        Column("row", INTEGER, "position within this shard's array `embeddings`"),
    ),
)

FLOAT16_BYTES = 2


def perturbed_stages(settings: Settings) -> list[Stage]:
    """Return the stages that keep embeddings, of each split and generator for which they are kept."""
    supervision = settings.saliency.supervision
    return [
        _perturbed_stage(settings, split, generator)
        for split in (SPLITS if has_attributes(settings) else ("test",))
        for generator in ([supervision] if split != "test" else settings.saliency.generators)
        if are_kept(settings, split, generator)
    ]


def kept_test_embeddings(settings: Settings) -> list[str]:
    """Return the stages that keep the embeddings of perturbed test queries, for all modes of a generator at once."""
    generators = settings.saliency.generators
    return [perturbed_name("test", generator) for generator in generators if are_kept(settings, "test", generator)]


def are_kept(settings: Settings, split: str, generator: str) -> bool:
    """Return whether a generator's embeddings of perturbed queries of a split are kept."""
    section = settings.saliency.section(generator)
    modes = len(section.modes) if section and split == "test" else 1
    return isinstance(section, KeepingSection) and section.keeps(modes)


def perturbed_name(split: str, generator: str) -> str:
    """Return the stage instance that keeps them."""
    return f"perturbed_embeddings.{split}.{generator}"


def _perturbed_stage(settings: Settings, split: str, generator: str) -> Stage:
    values = {
        "split": split,
        "generator": generator,
        "seed": settings.seed,
        "image_size_px": settings.dataset.image_size_px,
        "precision": settings.compute.precision,
        # What is done to the query, in all modes alike.
        "spec": generator_spec(settings, generator, FIXED, supervises=split != "test"),
    }
    return Stage(
        perturbed_name(split, generator),
        "flows.jobs.perturbed_embeddings",
        values,
        (*embedding_code(settings.similarity_model), GENERATORS[generator].module),
        ("images", "similarity_model", f"pairs.{split}"),
        cut_perturbed_embeddings,
        model_paths(settings.similarity_model),
        # Which queries there are is in no key: a shard names its own.
        item_limits=chosen_pairs(settings, generator) if split == "test" else {},
        tables=(PERTURBED_QUERIES,),
        keys=spec_keys(settings, generator, supervises=split != "test"),
        costs=ShardCosts(_work, query_extents(with_references=False)),
    )


def cut_perturbed_embeddings(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return the same groups of queries as their maps'; no reference and no condition matters to a shard."""
    split = stage.settings["split"]
    image_shards = upstream.shard_of_rows("images", "images", "image_id", split)
    pixels = pixel_digests(upstream, split)
    model = upstream.part_digest("similarity_model", "model")
    return [
        ShardPlan(
            group_label(queries),
            {"queries": fingerprint([[query, pixels[query]] for query in queries]), "model": model},
            {"queries": queries, "image_shards": {query: image_shards[query] for query in queries}},
            tuple(queries),
            ShardExtent(groups=tuple((query, 0) for query in queries)),
        )
        for queries, _ in pairs_of_groups(upstream, stage, split)
    ]


def _work(stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    queries, length = len(extent.groups), facts.embedding_dim
    each = query_perturbations(stage.settings["generator"], stage.settings["spec"])
    return Work(
        queries * each,
        rates={"forward_image": queries * each, "read_part": 2 * queries},
        array_bytes=None if length is None else FLOAT16_BYTES * queries * each * length,
        is_upper_bound=not facts.images_are_certain,
        loads_torch=True,
    )
