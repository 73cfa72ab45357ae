"""Declarations of generators: complete, apart from each other, and true of what the generators read."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from importlib import import_module
from typing import Any

import pytest

from flows.engine.code_identity import stage_code
from pipeline.saliency.catalogue import GENERATORS
from pipeline.saliency.declaration import FIXED, GeneratorDeclaration
from pipeline.saliency.fill import Fill
from pipeline.saliency.spec_fields import refuse_out_of_limits, setting_fields
from tests.pipeline.saliency.small_models import SIZE_PX, small_scorer
from tests.pipeline.saliency.test_build import ALL, SEED, SPECS, request_for

# No generator's own.
OTHER_FILL = (9, 8, 7)
FOLDERS = {declared.module.rpartition(".")[0] for declared in GENERATORS.values()}


@pytest.mark.parametrize("name", GENERATORS)
def test_a_declaration_is_complete(name: str) -> None:
    declared = GENERATORS[name]
    assert declared.name == name
    assert declared.declared_in == f"{declared.module.rpartition('.')[0]}.declaration"
    module = import_module(declared.module)
    assert callable(getattr(module, f"build_{declared.name}"))
    assert hasattr(module, "query_masks") == declared.keeps_embeddings
    assert len(set(declared.modes)) == len(declared.modes) > 0
    assert set(declared.negatives) <= set(declared.modes)
    assert set(declared.asked_modes) < set(declared.modes)
    assert all(declared.negatives_in(declared.spec(), mode) >= 0 for mode in declared.modes)
    assert hasattr(module, "check_model") == (declared.check_passes > 0)
    assert not declared.can_supervise or FIXED in declared.modes
    # Defaults are within their own limits.
    refuse_out_of_limits(declared.spec(), name)
    assert declared.problem(declared.spec()) is None
    assert not (declared.is_control and setting_fields(declared.spec))


@pytest.mark.parametrize("name", GENERATORS)
def test_the_code_of_maps_holds_no_other_generator(name: str) -> None:
    module = GENERATORS[name].module
    modules = set(stage_code("saliency_maps", (module,)))
    own = module.rpartition(".")[0]
    assert module in modules
    foreign = [one for one in modules if one.rpartition(".")[0] in FOLDERS - {own}]
    assert foreign == []
    assert not modules & {"pipeline.saliency.build", "pipeline.saliency.catalogue", f"{own}.declaration"}


def test_a_declaration_that_a_stage_names_is_part_of_its_code() -> None:
    declared_in = GENERATORS["rise"].declared_in
    assert declared_in in stage_code("report", ("pipeline.report.page", declared_in))
    assert declared_in not in stage_code("report", ("pipeline.report.page",))


def recording(spec: Any, read: set[str], prefix: str = "") -> Any:
    """Return equal settings that write down which of their fields are read."""

    class Recording(type(spec)):  # type: ignore[misc]
        def __getattribute__(self, name: str) -> Any:
            if name in names:
                read.add(prefix + name)
            return super().__getattribute__(name)

    names: frozenset[str] = frozenset()
    values = {field.name: getattr(spec, field.name) for field in fields(spec)}
    made = Recording(
        **{
            name: recording(value, read, f"{prefix}{name}.") if is_dataclass(value) else value
            for name, value in values.items()
        }
    )
    names = frozenset(values)
    return made


def flat(values: Mapping[str, Any], prefix: str = "") -> set[str]:
    found: set[str] = set()
    for name, value in values.items():
        found |= {prefix + name} | (flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else set())
    return found


def fields_read(
    declared: GeneratorDeclaration[Any], mode: str, fill: Fill | None, monkeypatch: pytest.MonkeyPatch
) -> set[str]:
    """Return the fields of the settings that are read while maps are made; limits are looked at in any case."""
    module = import_module(declared.module)
    monkeypatch.setattr(module, "refuse_out_of_limits", lambda spec, section: None, raising=False)
    read: set[str] = set()
    spec = recording(declared.with_fill(declared.spec_from(SPECS.get(declared.name, {}), SEED), fill), read)
    getattr(module, f"build_{declared.name}")(spec, small_scorer(), SIZE_PX, mode)([request_for(declared.name, mode)])
    return read - {"seed"}


def unkeyed(
    declared: GeneratorDeclaration[Any], mode: str, monkeypatch: pytest.MonkeyPatch, fill: Fill | None = OTHER_FILL
) -> set[str]:
    spec = declared.with_fill(declared.spec_from(SPECS.get(declared.name, {})), fill)
    return fields_read(declared, mode, fill, monkeypatch) - flat(declared.key_values(spec, mode, False))


@pytest.mark.parametrize(("name", "mode"), ALL)
def test_whatever_maps_read_of_the_settings_is_in_their_key(
    name: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert unkeyed(GENERATORS[name], mode, monkeypatch) == set()
    # A generator's own fill is its default, and left out.
    assert unkeyed(GENERATORS[name], mode, monkeypatch, fill=None) <= {"fill"}


def test_a_key_that_forgets_a_setting_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    forgetful = replace(GENERATORS["rise"], depends_on=lambda spec, mode, supervises: {"masks": spec.masks})
    assert unkeyed(forgetful, FIXED, monkeypatch) == {"grid_cells", "keep_probability", "scheme"}
    alike = GENERATORS["lime"]
    forgetful = replace(alike, depends_on=lambda *asked: {**alike.depends_on(*asked), "superpixels": {}})
    assert {"superpixels.ratio", "superpixels.max_dist"} <= unkeyed(forgetful, FIXED, monkeypatch)
