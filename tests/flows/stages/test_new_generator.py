"""A new generator: two files and its place in the catalogue. In an edited copy of the sources, in fresh processes."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from flows.engine.code_identity import SOURCE_ROOT
from tests.flows.run_cases import FinishedRun, as_options, in_fresh_process, states

DECLARATION = '''"""Brightness as the rest of the program knows it."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Gt, doc

from pipeline.saliency.declaration import FIXED, GeneratorDeclaration, MapPasses, values_of


@dataclass(frozen=True)
class BrightnessSpec:
    """Settings of brightness."""

    exponent: Annotated[float, Gt(0), doc("of the mean of red, green and blue")] = 1.0


BRIGHTNESS = GeneratorDeclaration(
    name="brightness",
    title="brightness",
    module="pipeline.saliency.brightness.maps",
    spec=BrightnessSpec,
    modes=(FIXED,),
    modes_meaning="fixed: the reference is not looked at",
    depends_on=lambda spec, mode, supervises: values_of(spec, "exponent"),
    passes=lambda spec, mode, references_q, are_kept: MapPasses(),
)
'''
MAPS = '''"""Maps that are the brightness of the query."""

import numpy as np

from pipeline.saliency.contract import SaliencyMaps, one_by_one


def build_brightness(spec, scorer, image_size_px, mode):
    def compute(request):
        map_hw = (request.pixels_hwc.mean(axis=2) / 255) ** spec.exponent
        maps_khw = np.repeat(map_hw[None].astype(np.float32), len(request.reference_embeddings_kd), axis=0)
        return SaliencyMaps(maps_khw, maps_khw)

    return one_by_one(compute)
'''
ASKED = ('saliency.generators=["rise", "random", "centre", "brightness"]',)
OWN = "saliency_maps.test.brightness.fixed"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The sources with the generator added."""
    copy = tmp_path / "source"
    for package in ("pipeline", "stores", "flows"):
        shutil.copytree(SOURCE_ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    folder = copy / "pipeline/saliency/brightness"
    folder.mkdir()
    (folder / "declaration.py").write_text(DECLARATION, encoding="utf-8")
    (folder / "maps.py").write_text(MAPS, encoding="utf-8")
    catalogue = copy / "pipeline/saliency/catalogue.py"
    text = catalogue.read_text(encoding="utf-8")
    for old, new in (
        ("from pipeline.saliency.controls", "from pipeline.saliency.brightness.declaration import BRIGHTNESS\n{}"),
        ("        CENTRE,\n", "{}        BRIGHTNESS,\n"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new.format(old))
    catalogue.write_text(text, encoding="utf-8")
    return copy


def status_of(run: FinishedRun, source: Path, *overrides: str) -> dict[str, dict[str, Any]]:
    arguments = ["-m", "flows.cli", "status", str(run.config), "--format", "json", *as_options(overrides)]
    return {row["stage"]: row for row in json.loads(in_fresh_process(arguments, source).stdout)}


def test_a_new_generator_leaves_every_result_current_until_it_is_asked_for(run_copy: FinishedRun, source: Path) -> None:
    before = status_of(run_copy, source)
    assert states(before, "current") == set(before)
    asked = status_of(run_copy, source, *ASKED)
    assert asked.keys() - before.keys() == {
        OWN,
        "faithfulness.brightness.fixed",
        "map_localisation.brightness.fixed",
    }
    assert asked[OWN]["state"] == "missing"
    # Metrics and report speak of it; nothing else has to be done again.
    assert before.keys() - states(asked, "current") == {"metrics", "pair_pages.test", "report"}


def test_a_new_generator_has_its_settings_and_its_maps(run_copy: FinishedRun, source: Path) -> None:
    def command(name: str, *words: str, overrides: tuple[str, ...] = ASKED) -> str:
        arguments = ["-m", "flows.cli", name, str(run_copy.config), *words, *as_options(overrides)]
        result = in_fresh_process(arguments, source, check=False)
        return result.stdout + result.stderr

    command("run", "--until", OWN)
    made = status_of(run_copy, source, *ASKED)
    assert made[OWN]["state"] == "current"
    assert status_of(run_copy, source, *ASKED, "saliency.brightness.exponent=2")[OWN]["state"] == "stale"
    refused = command("status", overrides=("saliency.brightness.exponent=0",))
    assert "saliency.brightness.exponent = 0" in refused
    assert "above 0" in refused
    assert "did you mean saliency.brightness.exponent?" in command("status", overrides=("saliency.brightness.expo=2",))
