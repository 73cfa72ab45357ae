"""Why a table that the store can hold is not there to be asked: which stage makes it, and what keeps that from it."""

from flows.auto_compute.resolve import resolved
from flows.engine.plan import StagePlan, plan_stages
from flows.settings.configuration import Settings
from flows.settings.file import run_seeds, with_seed
from flows.stages.graph import build_stages
from pipeline.errors import BadSetting
from stores.artifacts import ArtifactStore

# The jobs that make each table; `runs` and `failures` come with the first run, `runtime` with the first stage.
JOBS_OF_TABLE = {
    "attribute_notes": ("vocabulary",),
    "attribute_score_rows": ("attribute_scores",),
    "attribute_vocabulary": ("vocabulary",),
    "audit_metrics": ("audit",),
    "audit_outcomes": ("audit",),
    "blank_questions": ("compatibility",),
    "compatibility_metrics": ("compatibility",),
    "conditions": ("type_aware_model", "user_model"),
    "embedding_effects": ("embedding_effects",),
    "explanations": ("explanations",),
    "faithfulness": ("faithfulness",),
    "image_embeddings": ("embeddings",),
    "images": ("images",),
    "map_localisation": ("map_localisation",),
    "map_notes": ("saliency_maps",),
    "map_rows": ("saliency_maps",),
    "metrics": ("metrics",),
    "missing_images": ("listed_pairs",),
    "model_checks": ("user_model",),
    "negatives": ("negatives",),
    "perturbed_queries": ("perturbed_embeddings",),
    "null_effects": ("true_effects",),
    "outfits": ("outfits",),
    "pairs": ("pairs", "outfit_pairs", "listed_pairs"),
    "prior": ("explanation_weights",),
    "replaced_outfits": ("compatibility",),
    "replacements": ("replacements",),
    "similarities": ("similarities",),
    "training_history": ("similarity_model", "type_aware_model", "user_model", "attribute_model"),
    "true_effects": ("true_effects",),
    "type_pairs": ("type_pairs",),
    "unreadable_images": ("images",),
    "weight_grid": ("explanation_weights",),
}


def absent_table(settings: Settings, table: str, run: str | None) -> BadSetting | None:
    """Return the error for a table that is not there; None where no stage makes one of this name.

    Args:
        settings: of all seeds.
        table: the name that a query asks for.
        run: the recorded run that was asked, None for what is current.

    Raises:
        PipelineError, StoreError: inputs are refused, or the store cannot be read.
    """
    jobs = JOBS_OF_TABLE.get(table)
    if jobs is None:
        return None
    if run is not None:
        return BadSetting(
            expected=f"the table {table}, made by {' or '.join(jobs)}",
            found="none of that name among the results that this run used",
            where=f"the query, --run {run}",
            remedy="ask a run that went that far; without --run the current results are read",
        )
    store = ArtifactStore(settings.store.root)
    plans = plan_stages(build_stages(resolved(with_seed(settings, run_seeds(settings)[0]))), store)
    return _not_current(table, plans, [plan for plan in plans if plan.stage.job in jobs])


def _not_current(table: str, plans: list[StagePlan], producers: list[StagePlan]) -> BadSetting:
    if not producers:
        return BadSetting(
            expected=f"a table that this configuration makes; {table} is not one of them",
            found="no stage of it that would",
            where="the query",
            remedy="sane query CONFIG 'show tables' lists what there is, docs/data-formats.md what makes which table",
        )
    names = [plan.stage.name for plan in producers]
    first = next((plan for plan in plans if plan.state not in ("current", "pending")), producers[0])
    return BadSetting(
        expected=f"the table {table} of {' or '.join(names)}, current for this configuration and these --set",
        found="; ".join(
            f"{plan.stage.name} is {plan.state}: {plan.reasons[0]}" for plan in _distinct(producers[0], first)
        ),
        where="the query",
        remedy="repeat every --set of the run that made it, or read what that run used with --run latest "
        f"(or --run NAME); otherwise make it: sane run CONFIG --until {names[0]}",
    )


def _distinct(maker: StagePlan, first: StagePlan) -> list[StagePlan]:
    """Return the stage that makes the table, and the first one that is not current, where that is another."""
    chosen = [maker] if maker.reasons else []
    return chosen if first.stage.name == maker.stage.name else [*chosen, first]
