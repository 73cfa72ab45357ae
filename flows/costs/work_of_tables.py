"""What the stages write that make tables, curves and pages in one go; they run no network."""

from collections.abc import Callable

from flows.costs.facts import Facts
from flows.costs.parts import ArraysSize, FileSize, PartSize, TableSize, UnknownSize, array_bytes
from flows.engine.stage import Stage
from pipeline.explanation.variants import all_variants

RANKS = 10
# Figures that `metrics` and `audit` report for each variant, generator and attribute model.
FIGURES_OF_VARIANT = 5
FIGURES_OF_AUDITED = 5
FIGURES_OF_GENERATOR = 7
# Each generator's four areas against two baselines, but no baseline against itself or the two against each other twice.
FIGURES_OF_COMPARED_MAPS = 4
# Two measures and the pairs left out; each measure against the blob, over all regions and by tercile.
FIGURES_OF_LOCALISATION = 3
FIGURES_OF_COMPARED_LOCALISATION = 8
NEGATIVES_OF_PAIR = 2
# Accuracy and area, beside two counts.
FIGURES_OF_COMPATIBILITY = 2


def table_parts(stage: Stage, facts: Facts) -> tuple[PartSize, ...]:
    """Return the parts of a stage that is a single shard."""
    by_job: dict[str, Callable[[Stage, Facts], tuple[PartSize, ...]]] = {
        "vocabulary": _vocabulary,
        "outfits": _outfits,
        "type_pairs": _type_pairs,
        "pairs": _pairs,
        "outfit_pairs": _pairs,
        "listed_pairs": _listed_pairs,
        "compatibility": _compatibility,
        "similarities": _of_pairs,
        "negatives": _negatives,
        "replacements": _of_pair_attributes,
        "embedding_effects": _embedding_effects,
        "explanation_weights": _explanation_weights,
        "explanations": _explanations,
        "audit": _audit,
        "metrics": _metrics,
        "report": _report,
    }
    return by_job[stage.job](stage, facts)


def _vocabulary(_stage: Stage, facts: Facts) -> tuple[PartSize, ...]:
    return TableSize("attribute_vocabulary", len(facts.attribute_names)), TableSize("attribute_notes", facts.notes)


def _outfits(stage: Stage, facts: Facts) -> tuple[PartSize, ...]:
    return (TableSize("outfits", len(facts.outfits(stage.settings["split"]))),)


def _type_pairs(_stage: Stage, facts: Facts) -> tuple[PartSize, ...]:
    return (TableSize("type_pairs", len(facts.conditions)),)


def _compatibility(stage: Stage, facts: Facts) -> tuple[PartSize, ...]:
    # A type-aware model is measured twice, by its conditions and by its general embedding alone.
    variants = 2 if "similarity_model" in stage.settings["reads"] else 1
    rows = variants * len(facts.outfits("test"))
    return (
        TableSize("compatibility_metrics", FIGURES_OF_COMPATIBILITY * variants + 2),
        TableSize("blank_questions", rows),
        TableSize("replaced_outfits", rows),
    )


def _pairs(stage: Stage, facts: Facts) -> tuple[PartSize, ...]:
    return (TableSize("pairs", facts.pairs(stage.settings["split"])),)


def _listed_pairs(stage: Stage, facts: Facts) -> tuple[PartSize, ...]:
    listed = facts.listed_pairs(stage.settings["split"])
    others, missing = TableSize("pairs", len(listed.others)), TableSize("missing_images", len(listed.missing))
    return (*_pairs(stage, facts), others, missing)


def _of_pairs(stage: Stage, facts: Facts) -> tuple[PartSize, ...]:
    return (TableSize(stage.job, facts.pairs(stage.settings["split"])),)


def _negatives(stage: Stage, facts: Facts) -> tuple[PartSize, ...]:
    return (TableSize("negatives", NEGATIVES_OF_PAIR * facts.pairs(stage.settings["split"])),)


def _of_pair_attributes(stage: Stage, facts: Facts) -> tuple[PartSize, ...]:
    return (TableSize(stage.job, _pair_attributes(stage, facts)),)


def _pair_attributes(stage: Stage, facts: Facts) -> int:
    return facts.pairs(stage.settings["split"]) * len(facts.attribute_names)


def _embedding_effects(stage: Stage, facts: Facts) -> tuple[PartSize, ...]:
    effects = TableSize("embedding_effects", _pair_attributes(stage, facts))
    if facts.embedding_dim is None:
        return effects, UnknownSize()
    directions = array_bytes(8, len(facts.attribute_names), facts.embedding_dim) + 2 * array_bytes(8, 1)
    return effects, ArraysSize(3, directions)


def _explanation_weights(stage: Stage, facts: Facts) -> tuple[PartSize, ...]:
    steps = round(1 / stage.settings["weight_grid_step"])
    # All points of the simplex, and once more those that give the prior no weight.
    points = (steps + 1) * (steps + 2) // 2 + steps + 1
    return TableSize("prior", len(facts.attribute_names)), TableSize("weight_grid", points)


def _explanations(stage: Stage, facts: Facts) -> tuple[PartSize, ...]:
    variants, pairs, n_attributes = _variants(stage), facts.pairs("test"), len(facts.attribute_names)
    scores = ArraysSize(1, array_bytes(4, variants, pairs, n_attributes))
    return scores, TableSize("explanations", variants * pairs * min(RANKS, n_attributes))


def _audit(stage: Stage, facts: Facts) -> tuple[PartSize, ...]:
    # Every variant is audited twice: as it is, and over the attributes that the query has.
    named = 2 * _variants(stage)
    return TableSize("audit_metrics", _audit_figures(stage, facts)), TableSize(
        "audit_outcomes", named * facts.pairs("test")
    )


def _audit_figures(stage: Stage, facts: Facts) -> int:
    return FIGURES_OF_AUDITED * (2 * _variants(stage) + 2) + len(facts.attribute_names) + 12


def _metrics(stage: Stage, facts: Facts) -> tuple[PartSize, ...]:
    settings = stage.settings
    generators = settings["generator_modes"]
    baselines = [shown for shown in generators if shown[0] == "centre" or shown == settings["supervision"]]
    compared = len(baselines) * (len(generators) - 1) - (len(baselines) == 2)
    rows = FIGURES_OF_GENERATOR * len(generators) + FIGURES_OF_COMPARED_MAPS * compared
    rows += len(settings["attribute_models"])
    rows += (FIGURES_OF_VARIANT + 1) * _variants(stage)
    rows += _audit_figures(stage, facts) + _localisation_figures(generators) if settings["audited"] else 0
    rows += 2 * FIGURES_OF_COMPATIBILITY + 2 if settings.get("compatibility") else 0
    return (TableSize("metrics", rows),)


def _localisation_figures(generators: list[list[str]]) -> int:
    compared = [shown for shown in generators if shown[0] != "centre"]
    each = FIGURES_OF_COMPARED_LOCALISATION if len(compared) < len(generators) else 0
    return FIGURES_OF_LOCALISATION * len(generators) + each * len(compared)


def _report(_stage: Stage, _facts: Facts) -> tuple[PartSize, ...]:
    # A page with pictures: no formula tells its size.
    return (FileSize(),)


def _variants(stage: Stage) -> int:
    return len(all_variants(list(stage.settings["variants"])))
