"""Import rules that hold at run time, too, and code identity that no helper escapes."""

import subprocess
import sys

import pytest

from flows.engine.code_identity import EXEMPT_MODULES, SOURCE_ROOT, imports_within, stage_code
from flows.engine.stage import Stage
from flows.settings.configuration import DatasetSettings, PairsSettings, Settings
from flows.settings.similarity_model import SimilarityModelSettings
from flows.stages.graph import build_stages
from pipeline.saliency.catalogue import GENERATORS


def modules_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=SOURCE_ROOT)
    return {name.split(".")[0] for name in result.stdout.split()}


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import stores.artifacts, stores.tables, stores.arrays", {"torch", "prefect", "pipeline", "flows"}),
        (
            "import flows.cli, flows.commands.run, flows.commands.status, flows.commands.query, "
            "flows.costs.plan_command",
            {"torch", "prefect", "dask"},
        ),
        (
            "import pipeline.saliency.rise.maps, pipeline.similarity.training.train",
            {"prefect", "zarr", "pyarrow", "stores"},
        ),
        ("import pipeline.evaluation.audit.outcomes, pipeline.explanation.variants", {"torch"}),
        (
            "import pipeline.evaluation.reference_dependence, pipeline.similarity.negatives, flows.jobs.negatives",
            {"torch"},
        ),
    ],
)
def test_layers_stay_apart_in_a_fresh_interpreter(statement: str, absent: set[str]) -> None:
    assert not modules_after(statement) & absent


def test_the_check_above_can_fail() -> None:
    assert "torch" in modules_after("import pipeline.saliency.rise.maps")


def test_every_pipeline_module_a_job_imports_is_in_its_stages_code() -> None:
    datasets = [DatasetSettings(kind="planted")]
    datasets += [DatasetSettings(kind=kind, root="data") for kind in ("awa2", "polyvore_outfits")]
    datasets.append(DatasetSettings(kind="folder", root="data", table="items.csv"))
    generators = {"generators": list(GENERATORS)}
    settings = [Settings.model_validate({"dataset": dataset, "saliency": generators}) for dataset in datasets]
    type_aware = SimilarityModelSettings(kind="type_aware")
    settings.append(settings[2].model_copy(update={"similarity_model": type_aware}))
    settings += [one.model_copy(update={"pairs": PairsSettings(file="pairs.txt")}) for one in settings]
    own_model = {"kind": "user", "factory": "colour_histogram:build", "factory_path": SOURCE_ROOT / "examples"}
    settings.append(Settings.model_validate({"dataset": {"kind": "planted"}, "similarity_model": own_model}))
    with_masks = SimilarityModelSettings.model_validate({**own_model, "conditions": True})
    settings.append(Settings(dataset=datasets[2], similarity_model=with_masks))
    stages = [stage for one in settings for stage in build_stages(one)]
    escaped = []
    for stage in stages:
        listed = set(stage_code(stage.job, stage.code))
        jobs = [name for name in listed if name.startswith("flows.jobs.")]
        for module in jobs:
            missing = set(imports_within(module, "pipeline")) - listed - EXEMPT_MODULES - _other_paths(stage)
            missing = {name for name in missing if not name.endswith(".declaration")}
            escaped += [f"{stage.name}: {module} imports {name}, which the stage does not list" for name in missing]
    assert not escaped, "\n".join(sorted(set(escaped)))


def _other_paths(instance: Stage) -> set[str]:
    """Modules that a job imports for other instances than this one; each with the reason."""
    stage = instance.name
    names: set[str] = set()
    if "factory_folder" not in instance.paths:
        # A model is either a network of the pipeline or the user's own.
        names |= {"pipeline.similarity.user_model.model", "pipeline.similarity.user_model.program_file"}
    if stage == "images":
        # A dataset is either rendered or decoded: the other way does not touch its pixels.
        names |= {
            "pipeline.datasets.planted.renderer",
            "pipeline.datasets.image_decoding",
            "pipeline.datasets.folder_files",
        }
    if stage.startswith("saliency_maps."):
        # Chooses among generators; each instance lists the one it uses. What each needs is in its shards' inputs.
        names |= {"pipeline.saliency.build"}
        # The controls look at no reference, so that no condition can matter to them.
        names |= {"pipeline.similarity.conditions"}
    if stage.startswith("perturbed_embeddings."):
        # Chooses among generators; each instance lists the one it uses.
        names |= {"pipeline.saliency.build"}
    if stage == "similarity_model":
        # A model from a file is not trained; a trained one is not read.
        names |= {"pipeline.similarity.training.train", "pipeline.similarity.training.epoch_length"}
        names |= {"pipeline.similarity.weights_file"}
    return names
