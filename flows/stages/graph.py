"""The stage graph as a readable list, in the order in which it runs."""

from dataclasses import replace

from flows.engine.device import AUTO
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.answer_sets import answer_sets_stage
from flows.stages.answers import answers_stage
from flows.stages.attribute_groups import attribute_groups_stage
from flows.stages.attribute_maps import attribute_maps_stages
from flows.stages.attribute_models import attribute_stages
from flows.stages.audit import audit_stage
from flows.stages.cell_effects import cell_effects_stage
from flows.stages.compatibility import compatibility_stage
from flows.stages.conditions import has_attributes, has_outfits
from flows.stages.correspondence_localisation import correspondence_localisation_stage
from flows.stages.correspondences import correspondences_stage, match_components_stage
from flows.stages.dataset import dataset_stages
from flows.stages.discovered_labels import with_discovered_labels
from flows.stages.discovery import discovery_stages
from flows.stages.edit_effects import edit_effects_stage, measures_whole_edits
from flows.stages.embedding_effects import embedding_effects_stage
from flows.stages.embeddings import embeddings_stage, similarities_stage
from flows.stages.explanations import explanations_stage, weights_stage
from flows.stages.faithfulness import faithfulness_stages
from flows.stages.group_effects import group_effects_stage
from flows.stages.joint_effects import joint_effects_stage
from flows.stages.map_localisation import localisation_stages
from flows.stages.map_parts import map_parts_stages
from flows.stages.map_protocols import map_protocols_stages
from flows.stages.metrics import metrics_stage
from flows.stages.negatives import negatives_stages
from flows.stages.pair_pages import pair_pages_stage
from flows.stages.pairs import pairs_stage
from flows.stages.part_localisation import part_stages
from flows.stages.perturbed_embeddings import perturbed_stages
from flows.stages.presence import presence_stage
from flows.stages.reads import SPLITS
from flows.stages.recolouring import recolouring_stages
from flows.stages.replacements import replacements_stage
from flows.stages.report import report_stage
from flows.stages.retrieval import retrieval_stages
from flows.stages.saliency_maps import saliency_stages
from flows.stages.similarity_model import similarity_model_stage
from flows.stages.true_effects import true_effects_stage
from flows.stages.user_keys import SHARED_KEYS
from pipeline.errors import BadSetting

# What jobs import of these counts as code of their results; what keeps results does not.
RESULT_PACKAGES = ("flows", "pipeline")


def build_stages(settings: Settings) -> tuple[Stage, ...]:
    """Return every stage instance of a run with one seed; a stage comes after all that it reads.

    Raises:
        BadSetting: compute.precision is still "auto", which no key may hold; or a stage is asked for something that
            the dataset or the model does not have.
    """
    if settings.compute.precision == AUTO:
        raise BadSetting(
            expected="a precision: float32, bfloat16, or one that was decided",
            found="'auto'",
            where="compute.precision",
            remedy="start it by `sane run`, or replace it first (flows.auto_compute), or name a precision",
        )
    stages = (
        *_early_stages(settings),
        *(pairs_stage(settings, split) for split in SPLITS),
        *(similarities_stage(settings, split) for split in SPLITS),
        *([compatibility_stage(settings)] if has_outfits(settings) else []),
        *retrieval_stages(settings),
        *negatives_stages(settings),
        *perturbed_stages(settings),
        *saliency_stages(settings),
        *faithfulness_stages(settings),
        *(_both_sides_stages(settings) if settings.saliency.correspondence.enabled else []),
        *map_protocols_stages(settings),
        *([] if settings.has_discovered_labels else discovery_stages(settings)),
        *(_attribute_stages(settings) if has_attributes(settings) else []),
        metrics_stage(settings),
        *([pair_pages_stage(settings)] if settings.report.pair_pages else []),
        report_stage(settings),
    )
    return tuple(replace(stage, packages=RESULT_PACKAGES, keys={**SHARED_KEYS, **stage.keys}) for stage in stages)


def _attribute_stages(settings: Settings) -> list[Stage]:
    """Return what explains matches by attributes, and measures that; where images have attributes."""
    audited = settings.dataset.declared.is_audited
    return [
        *attribute_stages(settings),
        *(replacements_stage(settings, split) for split in ("valid", "test")),
        attribute_groups_stage(settings),
        *(embedding_effects_stage(settings, split) for split in ("valid", "test")),
        presence_stage(settings),
        weights_stage(settings),
        *(explanations_stage(settings, split) for split in ("valid", "test")),
        *(_true_effects_stages(settings) if audited else []),
        answers_stage(settings),
        *([joint_effects_stage(settings)] if audited else []),
        answer_sets_stage(settings),
        group_effects_stage(settings),
        *part_stages(settings),
        *attribute_maps_stages(settings),
        *(_audited_stages(settings) if audited else []),
        *(recolouring_stages(settings) if settings.dataset.declared.colours else []),
        *([edit_effects_stage(settings)] if measures_whole_edits(settings) else []),
    ]


def _early_stages(settings: Settings) -> list[Stage]:
    """Return images, model and embeddings; where labels are discovered, discovery as well, and the labels last."""
    early = [*dataset_stages(settings), similarity_model_stage(settings), embeddings_stage(settings)]
    return with_discovered_labels(settings, early) if settings.has_discovered_labels else early


def _both_sides_stages(settings: Settings) -> list[Stage]:
    """Return what explains a match from both sides; components are named where images have attributes."""
    named = [match_components_stage(settings)] if has_attributes(settings) else []
    return [cell_effects_stage(settings), correspondences_stage(settings), *named]


def _true_effects_stages(settings: Settings) -> list[Stage]:
    """Return what measures the truth, which only rendered items have."""
    return [true_effects_stage(settings, split) for split in ("valid", "test")]


def _audited_stages(settings: Settings) -> list[Stage]:
    """Return what compares explanations and maps with the truth, which only rendered items have."""
    both_sides = settings.saliency.correspondence.enabled
    return [
        *localisation_stages(settings),
        *([correspondence_localisation_stage(settings)] if both_sides else []),
        *map_parts_stages(settings),
        audit_stage(settings),
    ]
