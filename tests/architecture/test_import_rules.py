"""The import rules of pyproject.toml catch what they are for, and hold for generators that come later."""

import os
import re
import shutil
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

from flows.engine.code_identity import SOURCE_ROOT
from pipeline.saliency.catalogue import GENERATORS
from tests.flows.run_cases import copy_of_sources

# Where a forbidden import is added, which, and the start of the name of the rule that has to catch it.
BREACHES = {
    "flows/engine/plan.py": ("import pipeline.randomness", "the engine knows nothing"),
    "flows/engine/request.py": ("import dask", "in the engine only on_dask uses Dask"),
    "flows/engine/hardware.py": ("import torch", "in the engine only on_dask uses Dask"),
    "flows/readers/conditions.py": ("import flows.costs.estimate", "within flows"),
    "flows/jobs/vocabulary.py": ("import flows.jobs.pairs", "a job knows no other job"),
    "flows/jobs/replacements.py": ("import prefect", "job bodies are plain functions"),
    "pipeline/saliency/lime/declaration.py": ("import torch", "declarations of generators"),
    "pipeline/saliency/lime/maps.py": ("import pipeline.saliency.catalogue", "a generator knows neither"),
    "pipeline/saliency/grad_cam/maps.py": ("import pipeline.saliency.rise.masks", "a generator knows no other"),
    "pipeline/similarity/networks.py": ("import pipeline.explanation.variants", "within pipeline"),
}
FOLDERS = {facts.module.rpartition(".")[0] for facts in GENERATORS.values()}


def broken_rules(tree: Path) -> list[str]:
    """Return the names of the rules that sources break."""
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    environment = {**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "500"}
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    assert "Contracts:" in result.stdout, result.stdout + result.stderr
    return re.findall(r"^(.*) BROKEN", result.stdout, re.MULTILINE)


def test_every_rule_catches_a_forbidden_import(tmp_path: Path) -> None:
    tree = copy_of_sources(tmp_path)
    shutil.copy(SOURCE_ROOT / "pyproject.toml", tree)
    assert broken_rules(tree) == []
    for name, (statement, _) in BREACHES.items():
        path = tree / name
        path.write_text(f"{path.read_text()}\n{statement}\n")
    broken = broken_rules(tree)
    missed = {rule for _, rule in BREACHES.values() if not any(name.startswith(rule) for name in broken)}
    assert missed == set()


@pytest.fixture(scope="module")
def pipeline_imports() -> grimp.ImportGraph:
    """Which module of pipeline imports which."""
    return grimp.build_graph("pipeline", cache_dir=None)


def acquainted(imports: grimp.ImportGraph) -> set[tuple[str, str]]:
    """Return the pairs of generators' folders of which one imports the other, directly or through others."""
    siblings = grimp.Layer(*FOLDERS, independent=True)
    return {(found.importer, found.imported) for found in imports.find_illegal_dependencies_for_layers([siblings])}


def test_no_generator_of_the_catalogue_knows_another(pipeline_imports: grimp.ImportGraph) -> None:
    assert len(FOLDERS) > 5
    assert acquainted(pipeline_imports) == set()


def test_the_check_above_can_fail() -> None:
    imports = grimp.build_graph("pipeline", cache_dir=None)
    imports.add_import(importer="pipeline.saliency.lime.maps", imported="pipeline.saliency.rise.masks")
    assert acquainted(imports) == {("pipeline.saliency.lime", "pipeline.saliency.rise")}


def circle(graph: grimp.ImportGraph) -> list[str]:
    """Return modules that import each other in a circle, none where there is no such circle."""
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_in_a_circle_not_even_for_their_types(tmp_path: Path) -> None:
    assert circle(grimp.build_graph("pipeline", "stores", "flows", cache_dir=None)) == []
    package = tmp_path / "circular_imports_example"
    package.mkdir()
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from circular_imports_example import one\n"
    for name, text in {"__init__": "", "one": "from circular_imports_example import two\n", "two": typed}.items():
        (package / f"{name}.py").write_text(text)
    sys.path.insert(0, str(tmp_path))
    try:
        found = circle(grimp.build_graph("circular_imports_example", cache_dir=None))
    finally:
        sys.path.remove(str(tmp_path))
    assert set(found) == {"circular_imports_example.one", "circular_imports_example.two"}
