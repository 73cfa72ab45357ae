"""The graph of saliency maps: those that supervise attributes, those of test pairs, and these maps' faithfulness.

Where the embeddings of perturbed queries are kept, a stage of their own makes them before the maps of all modes.
"""

from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.settings.generators import KeepingSection
from flows.stages import query_shards as saliency
from flows.stages.negative_shards import NEGATIVES
from flows.stages.negatives import negatives_stages
from flows.stages.type_aware import condition_values
from flows.stages.user_model import embedding_code, model_paths
from pipeline.saliency.catalogue import GENERATORS, needs_negatives
from pipeline.saliency.declaration import FIXED


def saliency_stages(settings: Settings) -> list[Stage]:
    """Return the maps of training and validation pairs, and each generator's test maps and their faithfulness."""
    supervision = settings.saliency.supervision
    shown = settings.saliency.generator_modes
    return [
        *negatives_stages(settings),
        *(
            _perturbed_stage(settings, split, generator)
            for split in ("train", "valid", "test")
            for generator in ([supervision] if split != "test" else settings.saliency.generators)
            if _are_kept(settings, split, generator)
        ),
        *(_maps_stage(settings, split, supervision, FIXED) for split in ("train", "valid")),
        *(_maps_stage(settings, "test", generator, mode) for generator, mode in shown),
        *(_faithfulness_stage(settings, generator, mode) for generator, mode in shown),
    ]


def kept_test_embeddings(settings: Settings) -> list[str]:
    """Return the stages that keep the embeddings of perturbed test queries, for all modes of a generator at once."""
    generators = settings.saliency.generators
    return [_perturbed_name("test", generator) for generator in generators if _are_kept(settings, "test", generator)]


def _perturbed_stage(settings: Settings, split: str, generator: str) -> Stage:
    section = settings.saliency.section(generator)
    assert section is not None, f"{generator} has no section"
    values = {
        "split": split,
        "generator": generator,
        "seed": settings.seed,
        "image_size_px": settings.dataset.image_size_px,
        "precision": settings.compute.precision,
        # What is done to the query, in all modes alike.
        "spec": section.spec(FIXED, supervises=split != "test"),
    }
    return Stage(
        _perturbed_name(split, generator),
        "perturbed_embeddings",
        values,
        (*embedding_code(settings.similarity_model), GENERATORS[generator].module),
        ("images", "similarity_model", f"pairs.{split}"),
        saliency.plan_perturbed_embeddings,
        model_paths(settings.similarity_model),
        # Which queries there are is in no key: a shard names its own.
        item_limits=chosen_pairs(settings, generator) if split == "test" else {},
    )


def _are_kept(settings: Settings, split: str, generator: str) -> bool:
    section = settings.saliency.section(generator)
    modes = len(section.modes) if section and split == "test" else 1
    return isinstance(section, KeepingSection) and section.keeps(modes)


def _perturbed_name(split: str, generator: str) -> str:
    return f"perturbed_embeddings.{split}.{generator}"


def _maps_stage(settings: Settings, split: str, generator: str, mode: str) -> Stage:
    declared = GENERATORS[generator]
    section = settings.saliency.section(generator)
    size = settings.dataset.image_size_px
    shown = split == "test"
    values = {
        "split": split,
        "generator": generator,
        "mode": mode,
        "seed": settings.seed,
        "image_size_px": size,
        # Test maps are shown and ranked pixel by pixel; the others only feed a 4 x 4 grid.
        "map_size_px": size if shown else max(size // 4, 4),
        "map_dtype": "float16" if shown else "float32",
        "precision": settings.compute.precision,
        "spec": section.spec(mode, supervises=not shown) if section else {},
        # The controls know no model and no conditions: a change of those leaves them current.
        **(condition_values(settings) if declared.knows_the_model else {}),
    }
    if shown:
        values |= chosen_pairs(settings, generator)
    negatives = (NEGATIVES,) if needs_negatives(generator, mode) else ()
    upstream = ("images", "similarity_model", "embeddings", f"pairs.{split}", *negatives)
    if _are_kept(settings, split, generator):
        values["perturbed"] = _perturbed_name(split, generator)
        upstream = (*upstream, _perturbed_name(split, generator))
    code = (
        *embedding_code(settings.similarity_model),
        declared.module,
        "pipeline.saliency.contract",
        "pipeline.area_pooling",
    )
    name = f"saliency_maps.{split}.{generator}.{mode}"
    paths = model_paths(settings.similarity_model)
    return Stage(name, "saliency_maps", values, code, upstream, saliency.plan_saliency_maps, paths)


def _faithfulness_stage(settings: Settings, generator: str, mode: str) -> Stage:
    maps = f"saliency_maps.test.{generator}.{mode}"
    values = {
        "maps": maps,
        "generator": generator,
        "mode": mode,
        "canvas": list(settings.dataset.canvas),
        "seed": settings.seed,
        "precision": settings.compute.precision,
        **condition_values(settings),
        **chosen_pairs(settings, generator),
    }
    upstream = ("images", "similarity_model", "embeddings", "pairs.test", maps)
    code = (
        *embedding_code(settings.similarity_model),
        "pipeline.evaluation.faithfulness",
        "pipeline.evaluation.reference_dependence",
    )
    name = f"faithfulness.{generator}.{mode}"
    paths = model_paths(settings.similarity_model)
    return Stage(name, "faithfulness", values, code, upstream, saliency.plan_faithfulness, paths)


def chosen_pairs(settings: Settings, generator: str) -> dict[str, int]:
    """Return `most_pairs` of a generator that is given fewer test pairs than there are, else nothing."""
    section = settings.saliency.section(generator)
    return {"most_pairs": section.pairs} if section and section.pairs else {}
