"""`saliency.fill` on its way to the stages: in the key of what removes pixels, and only where it is not their own."""

from pathlib import Path
from typing import Any

import pytest

from flows.auto_compute.kept import precision_key
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.settings.file import load_settings
from flows.stages.graph import build_stages
from pipeline.errors import BadSetting
from pipeline.saliency.catalogue import GENERATORS
from tests.flows.planted_config import write_config

WHITE = [255, 255, 255]
FILLING = {"sliding_window", "rise", "lime", "mask"}


def settings(fill: Any = None) -> Settings:
    saliency = {"generators": list(GENERATORS), **({} if fill is None else {"fill": fill})}
    return Settings.model_validate({"dataset": {"kind": "planted", "canvas": WHITE}, "saliency": saliency})


def stages(fill: Any = None) -> dict[str, Stage]:
    return {stage.name: stage for stage in build_stages(settings(fill))}


def changed(fill: Any, before: Any = None) -> set[str]:
    old, new = stages(before), stages(fill)
    assert old.keys() == new.keys()
    return {name for name in old if old[name].settings != new[name].settings}


def fills(found: dict[str, Stage]) -> dict[str, Any]:
    specs = {name: stage.settings.get("spec") for name, stage in found.items()}
    return {name: spec["fill"] for name, spec in specs.items() if spec and "fill" in spec}


def of_generators(*generators: str) -> set[str]:
    """Return the stages that remove pixels by these generators."""
    kinds = ("saliency_maps.", "perturbed_embeddings.")
    found = {name for name in stages() if name.startswith(kinds) and name.split(".")[2] in generators}
    # Maps of attributes come from the passes of RISE.
    return found | ({"attribute_maps.test"} if "rise" in generators else set())


def test_a_fill_is_in_the_key_of_all_that_removes_pixels_and_of_nothing_else() -> None:
    assert of_generators("rise") >= {
        "perturbed_embeddings.test.rise",
        "saliency_maps.test.rise.both",
        "saliency_maps.train.rise.fixed",
    }
    # The report says what its maps were filled with.
    assert changed([1, 2, 3]) == of_generators(*FILLING) | {"report"}
    assert stages("canvas")["report"].settings["fill"] == WHITE
    assert "fill" not in stages()["report"].settings
    assert fills(stages([1, 2, 3])) == dict.fromkeys(of_generators(*FILLING), [1, 2, 3])


def test_a_generators_own_fill_changes_nothing() -> None:
    assert fills(stages()) == {}
    assert changed("mean") == of_generators("lime", "mask") | {"report"}
    assert changed("blur") == of_generators("rise", "sliding_window", "lime") | {"report"}
    assert changed([0, 0, 0]) == of_generators("rise", "sliding_window", "mask") | {"report"}


def test_the_canvas_is_its_colour() -> None:
    assert set(map(tuple, fills(stages("canvas")).values())) == {tuple(WHITE)}
    assert changed("canvas", before=WHITE) == set()


def test_precision_is_decided_for_the_fill_in_use() -> None:
    assert precision_key(settings(), "model") == precision_key(settings("mean"), "model")
    assert precision_key(settings(), "model") != precision_key(settings("blur"), "model")


@pytest.mark.parametrize("wrong", ['"gray"', "[1, 2]", "[0, 0, 256]", "[-1, 0, 0]", "0.5"])
def test_what_is_no_fill_is_refused_by_its_key(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(BadSetting, match=r"saliency\.fill"):
        load_settings(write_config(tmp_path), [f"saliency.fill={wrong}"])


@pytest.mark.parametrize("right", ["mean", "canvas", "blur", "[255, 0, 7]"])
def test_fills_are_read_from_the_command_line(tmp_path: Path, right: str) -> None:
    found = load_settings(write_config(tmp_path), [f"saliency.fill={right}"]).saliency.fill
    assert found == ((255, 0, 7) if right.startswith("[") else right)
