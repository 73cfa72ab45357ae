"""Import rules that hold at run time, too, and code identity that no helper escapes."""

import subprocess
import sys

import pytest

from flows.engine.code_identity import SOURCE_ROOT, stage_code
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.graph import build_stages
from pipeline.saliency.catalogue import GENERATORS
from tests.table_schemas import all_settings

EVERY_ENGINE_MODULE = (
    "import importlib, pkgutil, flows.engine as engine; "
    "[importlib.import_module(module.name) for module in pkgutil.walk_packages(engine.__path__, 'flows.engine.')]"
)


# scikit-learn loads pandas wherever it is installed, and that pyarrow; no layer of this project may ask for them.
WITHOUT_PANDAS = "sys.modules['pandas'] = None"


def modules_after(statement: str) -> set[str]:
    code = f"import sys; {WITHOUT_PANDAS}; {statement}; print('\\n'.join(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=SOURCE_ROOT)
    return {name.split(".")[0] for name in result.stdout.split()} - {"pandas"}


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import stores.artifacts, stores.tables, stores.arrays", {"torch", "prefect", "pipeline", "flows"}),
        (
            "import flows.cli, flows.commands.run, flows.commands.status, flows.commands.query, flows.commands.plan",
            {"torch", "prefect", "dask", "scipy"},
        ),
        (EVERY_ENGINE_MODULE, {"torch", "prefect", "dask", "distributed", "pydantic", "typer", "pipeline"}),
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


def all_stages() -> list[Stage]:
    own_model = {"kind": "user", "factory": "colour_histogram:build", "factory_path": str(SOURCE_ROOT / "examples")}
    settings = [
        *all_settings(),
        Settings.model_validate({"dataset": {"kind": "planted"}, "similarity_model": own_model}),
    ]
    return [stage for one in settings for stage in build_stages(one)]


def test_the_code_of_a_result_is_jobs_readers_and_method_alone() -> None:
    allowed = ("pipeline.", "flows.jobs.", "flows.readers.", "flows.user_model.")
    for stage in all_stages():
        names = stage_code(stage.job, stage.code, stage.packages)
        foreign = [name for name in names if not name.startswith(allowed)]
        assert not foreign, f"{stage.name} depends on {', '.join(foreign)}"
        assert stage.job in names


def test_the_code_of_a_result_holds_no_alternative_that_it_does_not_use() -> None:
    folders = {name: facts.module.rpartition(".")[0] for name, facts in GENERATORS.items()}
    for stage in all_stages():
        names = set(stage_code(stage.job, stage.code, stage.packages))
        if "factory_folder" not in stage.paths:
            assert not {name for name in names if "user_model" in name}, stage.name
        # Of images with discovered attributes neither: they are read from the stage that has them without.
        if stage.name in ("images", "unlabelled_images") and "kind" in stage.settings:
            renders = "pipeline.datasets.planted.renderer" in names
            assert renders != ("pipeline.datasets.image_decoding" in names)
            assert renders == (stage.settings["kind"] == "planted")
        if stage.name.startswith(("saliency_maps.", "perturbed_embeddings.")):
            own = folders[stage.settings["generator"]]
            others = tuple(f"{folder}." for folder in folders.values() if folder != own)
            assert not {name for name in names if name.startswith(others)}, stage.name
            assert {name for name in names if name.startswith(own)}, stage.name
