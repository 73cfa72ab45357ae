"""The report of a run."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flows.engine.cuts import Reads, single_shard
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.settings.configuration import Settings
from flows.settings.dataset import DatasetSettings
from flows.stages.attribute_maps import NAME as ATTRIBUTE_MAPS
from flows.stages.attribute_maps import makes_attribute_maps
from flows.stages.attribute_names import DISCOVERED, with_names
from flows.stages.cell_effects import NAME as CELL_EFFECTS
from flows.stages.conditions import has_attributes, has_conditions, has_outfits
from flows.stages.correspondences import COMPONENTS
from flows.stages.correspondences import NAME as CORRESPONDENCES
from flows.stages.dataset_index import followed_folders, link_paths
from flows.stages.edit_effects import EDIT_EFFECTS_STAGE, measures_whole_edits
from flows.stages.faithfulness import faithfulness_name
from flows.stages.generator_spec import chosen_fill
from flows.stages.pairs import asked_directions
from flows.stages.perturbed_embeddings import kept_test_embeddings
from flows.stages.query_groups import MOST_MEASURED
from flows.stages.reads import UNLABELLED_IMAGES, VOCABULARY, single_shard_stage
from flows.stages.replacements import effects_read
from flows.stages.saliency_maps import maps_name
from flows.stages.user_keys import keys_in
from pipeline.datasets.declaration import OUTFIT
from pipeline.report.template_files import templates_digest
from pipeline.saliency.catalogue import GENERATORS

AUDIT = "audit"
# What decides how a photograph looks, and which part of it the model sees.
PHOTOGRAPHS = ("fit", "image_size_px", "canvas", "effective_resolution_px", "bit_depth")


def report_stage(settings: Settings) -> Stage:
    """Return the stage that makes the report."""
    values, reads = _values(settings), _reads(settings)
    # Values of declarations are in settings of stages, but the report also prints titles that stand there.
    declared = sorted({GENERATORS[generator].declared_in for generator in settings.saliency.generators})
    stage = single_shard_stage("report", "flows.jobs.report", values, reads, code=tuple(declared))
    if settings.dataset.declared.has_photographs:
        stage = _with_photographs(stage, settings.dataset)
    return with_names(stage) if DISCOVERED in reads else stage


def _values(settings: Settings) -> dict[str, Any]:
    """Return the settings that the report follows."""
    values: dict[str, Any] = {
        "dataset": settings.dataset.kind,
        "similarity_model": settings.similarity_model.name,
        "generator_modes": [list(shown) for shown in settings.saliency.generator_modes],
        "attribute_models": _attribute_models(settings),
        "variants": list(settings.explanation.variants),
        "seed": settings.seed,
        "bootstrap_samples": settings.evaluation.bootstrap_samples,
        "shared_unit": settings.dataset.declared.shared_unit,
        **asked_directions(settings),
        # They are no modules, so no code id notices that they change.
        "templates": templates_digest(),
    }
    if not settings.evaluation.curves:
        values["curves"] = False
    elif settings.evaluation.curve_pairs is not None:
        values[MOST_MEASURED] = settings.evaluation.curve_pairs
    if settings.discovery.enabled or settings.has_discovered_labels:
        values["crop_share"] = settings.discovery.crop_share
    fill = chosen_fill(settings)
    if fill is not None:
        values["fill"] = fill if isinstance(fill, str) else list(fill)
    return values


def _attribute_models(settings: Settings) -> Sequence[str]:
    return settings.attribute_models if has_attributes(settings) else []


def _reads(settings: Settings) -> Reads:
    """Return what is read, by stage."""
    reads: Reads = {
        **VOCABULARY,
        "metrics": [["metrics", None, ""]],
        "images": [["pixels", None, "test"], ["images", None, "test"]],
        "pairs.test": [["pairs", None, ""]],
        "similarities.test": [["similarities", None, ""]],
        **(_attribute_reads(settings) if has_attributes(settings) else {}),
        "similarity_model": [["training_history", None, ""]],
        "embeddings": [["embeddings", None, "test"]],
    }
    for generator, mode in settings.saliency.generator_modes:
        reads[maps_name("test", generator, mode)] = [["maps", None, ""], ["map_rows", None, ""]]
        if settings.evaluation.curves:
            reads[faithfulness_name(generator, mode)] = [["faithfulness", None, ""]]
    # What they cost is part of what a map costs; of their content nothing is read.
    reads |= {stage: [] for stage in kept_test_embeddings(settings)}
    if settings.saliency.correspondence.enabled:
        reads[CORRESPONDENCES] = [["components", None, ""], ["correspondence_rows", None, ""]]
        if has_attributes(settings):
            reads[COMPONENTS] = [["match_components", None, ""]]
        # What it costs is part of what a pair costs; of its content nothing is read.
        reads[CELL_EFFECTS] = []
    if makes_attribute_maps(settings):
        reads[ATTRIBUTE_MAPS] = [["maps", None, ""], ["attribute_map_rows", None, ""]]
    for name in _attribute_models(settings):
        reads[f"attribute_model.{name}"] = [["training_history", None, ""]]
    _add_model_reads(settings, reads)
    return reads


def _attribute_reads(settings: Settings) -> Reads:
    """Return what is read of explanations by attributes."""
    return {
        "explanations": [["explanations", None, ""]],
        "answers": [["answers", None, ""], ["answer_choice", None, ""]],
        "answer_sets": [["answer_sets", None, ""]],
        **effects_read("test"),
        "explanation_weights": [["prior", None, ""], ["weight_grid", None, ""], ["weight_sensitivity", None, ""]],
    }


def _with_photographs(stage: Stage, dataset: DatasetSettings) -> Stage:
    """Return the stage that also reads photographs, which the table `images` names by their sha256."""
    values: dict[str, Any] = {key: getattr(dataset, key) for key in PHOTOGRAPHS}
    values["canvas"] = list(dataset.canvas)
    return replace(
        stage,
        settings={**stage.settings, **values},
        paths={"dataset_root": str(dataset.root), **link_paths(dataset.follow_links_to)},
        cut=_cut_with_links,
        keys=keys_in("dataset", PHOTOGRAPHS),
    )


def _cut_with_links(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard, whose job also finds the folders that links may lead into."""
    work = {"links": [str(folder) for folder in followed_folders(stage)]}
    return [replace(shard, work=work) for shard in single_shard(upstream, stage)]


def _add_model_reads(settings: Settings, reads: Reads) -> None:
    """Add what only some datasets and models have, so that the keys of the other reports stay."""
    if settings.dataset.declared.colours:
        reads["recoloured_effects.test"] = [["recoloured_items", None, ""], ["recoloured_pixels", None, ""]]
    if measures_whole_edits(settings):
        reads[EDIT_EFFECTS_STAGE] = [["edited_items", None, ""], ["edited_pixels", None, ""]]
    if settings.dataset.declared.is_audited:
        reads[AUDIT] = [["audit_outcomes", None, ""]]
    if settings.dataset.declared.shared_unit == OUTFIT:
        reads["outfits.test"] = [["outfits", None, ""]]
    if has_outfits(settings):
        reads["outfits.train"] = [["outfits", ["items"], ""]]
    if has_conditions(settings):
        reads["similarity_model"].append(["conditions", ["condition"], ""])
    if settings.discovery.enabled or settings.has_discovered_labels:
        reads[DISCOVERED] = [["clusters", None, ""], ["labels", None, ""], ["members", None, ""]]
        if settings.has_discovered_labels:
            reads[UNLABELLED_IMAGES] = [["images", ["image_id", "attributes"], ""]]
        else:
            reads["images"].append(["images", ["image_id", "attributes"], ""])
    if settings.similarity_model.kind == "user":
        reads["similarity_model"].append(["model_checks", None, ""])
