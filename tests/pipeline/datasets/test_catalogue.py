"""What datasets declare of themselves: names that exist, keys of their own, defaults that their settings accept."""

import dataclasses
import importlib
import inspect
from dataclasses import dataclass, replace
from typing import Annotated, Any, get_type_hints

import pytest
from annotated_types import DocInfo, doc

from pipeline.datasets.catalogue import DATASETS
from pipeline.datasets.declaration import FILE_SETTINGS, LATER_FILE_SETTINGS, DatasetKind

SHARED = {*FILE_SETTINGS, "root", "table", "max_unreadable_share", "follow_links_to", *LATER_FILE_SETTINGS}


@dataclass(frozen=True)
class TakesAKey:
    seed: Annotated[int, doc("seed of something else")] = 0


@dataclass(frozen=True)
class SaysNothing:
    number: int = 0


def declaring_class(settings: type, key: str) -> type:
    """Return the class of a settings' bases that declares a key itself."""
    return next(base for base in reversed(settings.__mro__) if key in vars(base).get("__annotations__", {}))


def faults(kinds: dict[str, DatasetKind]) -> list[str]:
    """Return what is wrong with a catalogue."""
    found = []
    owners: dict[str, tuple[object, str]] = dict.fromkeys(SHARED, (None, "all datasets"))
    for name, kind in kinds.items():
        # Datasets share a key by sharing the dataclass that declares it.
        keys = {key: declaring_class(kind.settings, key) for key in kind.own_keys}
        taken = [key for key, owner in keys.items() if owners.setdefault(key, (owner, name))[0] is not owner]
        found += [f"{name}.{key} is a key of {owners[key][1]}" for key in taken]
        types: dict[str, Any] = get_type_hints(kind.settings, include_extras=True)
        for field in dataclasses.fields(kind.settings):
            texts = [each for each in getattr(types[field.name], "__metadata__", ()) if isinstance(each, DocInfo)]
            if len(texts) != 1 or field.default is dataclasses.MISSING:
                found.append(f"{name}.{field.name} has no description or default")
        unknown = set(kind.pixel_settings) - SHARED - set(kind.own_keys)
        found += [f"{name} depends on {key}, which is no key of it" for key in sorted(unknown)]
        if kind.is_rendered == (kind.index_files is not None):
            found.append(f"{name} is rendered and has files, or neither")
        if kind.is_audited and not kind.is_rendered:
            found.append(f"{name} cannot be rendered again")
        if "kind" not in kind.pixel_settings:
            found.append(f"{name} could be taken for another dataset")
    return found


def test_every_declaration_is_sound() -> None:
    assert [kind.name for kind in DATASETS.values()] == list(DATASETS)
    assert faults(dict(DATASETS)) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"settings": TakesAKey}, "broken.seed is a key of planted"),
        ({"settings": SaysNothing}, "broken.number has no description or default"),
        ({"pixel_settings": ("kind", "seeds")}, "broken depends on seeds, which is no key of it"),
        ({"index_files": None}, "broken is rendered and has files, or neither"),
        ({"is_audited": True}, "broken cannot be rendered again"),
        ({"pixel_settings": ()}, "broken could be taken for another dataset"),
    ],
)
def test_a_broken_declaration_is_found(changes: dict[str, Any], fault: str) -> None:
    broken = replace(DATASETS["folder"], name="broken", **changes)
    assert fault in faults({**DATASETS, "broken": broken})


@pytest.mark.parametrize("kind", DATASETS.values(), ids=list(DATASETS))
def test_the_modules_that_are_named_make_index_and_pixels(kind: DatasetKind) -> None:
    make_pixels = kind.pixel_function()
    assert make_pixels.__module__ == kind.pixels_module
    assert list(inspect.signature(make_pixels).parameters) == ["source", "settings"]
    # The builder is that of the named module, or a function beside it.
    declared_in = importlib.import_module(kind.build_index.__module__)
    index_module = importlib.import_module(kind.index_module)
    builders = [name for name in vars(index_module) if name.startswith("build_") and name.endswith("_index")]
    assert len(builders) == 1
    assert getattr(declared_in, builders[0]) is getattr(index_module, builders[0])


def test_limits_are_the_own_settings_that_change_no_item() -> None:
    limits = {name: kind.item_limits for name, kind in DATASETS.items() if kind.item_limits}
    assert limits == {"planted": ("train_items", "valid_items", "test_items")}
    assert isinstance(DATASETS["planted"].settings().train_items, int)
