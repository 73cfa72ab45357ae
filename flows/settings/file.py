"""Reading a configuration file: TOML, overrides, paths, and errors that name the closest known key."""

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from flows.settings.configuration import Settings
from flows.settings.similarity_model import SimilarityModelSettings
from pipeline.errors import BadSetting


def load_settings(path: Path, overrides: Sequence[str] = ()) -> Settings:
    """Return the settings of a TOML file after `key=value` overrides, with paths made absolute.

    Args:
        path: the configuration file; relative paths inside are relative to its folder.
        overrides: such as "saliency.rise.masks=500"; values are TOML, a bare word is taken as text.

    Raises:
        BadSetting: no such file, not TOML, an unknown key (the closest known one is named), or a bad value.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadSetting(
            expected="a configuration file (TOML)",
            found="no such file",
            where=str(path),
            remedy="name an existing file, such as configs/planted.toml",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BadSetting(
            expected="a readable TOML file", found=str(error), where=str(path), remedy="correct the file"
        ) from error
    for override in overrides:
        _apply_override(values, override)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise _readable(error, str(path)) from error
    return _with_absolute_paths(settings, path.resolve().parent)


def with_seed(settings: Settings, seed: int) -> Settings:
    """Return the settings of one seed of a run over several."""
    return settings.model_copy(update={"seed": seed})


def run_seeds(settings: Settings) -> list[int]:
    """Return the seeds that a run goes through: `evaluation.seeds`, or `seed` alone."""
    return list(dict.fromkeys(settings.evaluation.seeds)) or [settings.seed]


def _apply_override(values: dict[str, Any], override: str) -> None:
    key, separator, text = override.partition("=")
    if not separator or not key.strip():
        raise BadSetting(
            expected="key=value, such as saliency.rise.masks=500",
            found=repr(override),
            where="--set",
            remedy="write the key with its section, an equals sign and the value",
        )
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *sections, last = key.strip().split(".")
    table = values
    for section in sections:
        table = table.setdefault(section, {})
        if not isinstance(table, dict):
            raise BadSetting(
                expected="a section",
                found=f"the value {table!r}",
                where=f"--set {key}",
                remedy="check the key",
            )
    table[last] = value


def _readable(error: ValidationError, where: str) -> BadSetting:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = _known_keys(Settings)
        last = key.rpartition(".")[2]
        by_name = difflib.get_close_matches(last, [name.rpartition(".")[2] for name in known], n=1)
        close = difflib.get_close_matches(key, known, n=1, cutoff=0.5) or [
            name for name in known if by_name and name.rpartition(".")[2] == by_name[0]
        ]
        remedy = f"did you mean {close[0]}?" if close else "docs/configuration.md lists all keys"
        return BadSetting(expected="a known key", found=f"{key} = {first['input']!r}", where=where, remedy=remedy)
    found = f"{key} = {first['input']!r}" if first["type"] != "missing" else f"no {key}"
    return BadSetting(
        expected=first["msg"].removeprefix("Value error, "),
        found=found if len(found) < 200 else found[:200] + " ...",
        where=where,
        remedy=f"correct {key or 'the file'}; docs/configuration.md lists all keys",
    )


def _known_keys(model: type[BaseModel], prefix: str = "") -> list[str]:
    keys: list[str] = []
    for name, field in model.model_fields.items():
        keys.append(prefix + name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys += _known_keys(field.annotation, f"{prefix}{name}.")
    return keys


def _with_absolute_paths(settings: Settings, folder: Path) -> Settings:
    updates: dict[str, Mapping[str, Any]] = {}
    paths = {"root": settings.dataset.root, "table": settings.dataset.table}
    updates["dataset"] = {name: folder / place.expanduser() for name, place in paths.items() if place is not None}
    followed = [folder / place.expanduser() for place in settings.dataset.follow_links_to]
    updates["dataset"] = {**updates["dataset"], "follow_links_to": followed}
    updates["similarity_model"] = _model_paths(settings.similarity_model, folder)
    if settings.pairs.file is not None:
        updates["pairs"] = {"file": folder / settings.pairs.file.expanduser()}
    if "://" not in settings.store.root:
        updates["store"] = {"root": str(folder / Path(settings.store.root).expanduser())}
    copied = {name: getattr(settings, name).model_copy(update=dict(values)) for name, values in updates.items()}
    return settings.model_copy(update=copied)


def _model_paths(model: SimilarityModelSettings, folder: Path) -> dict[str, Any]:
    named = {"weights": model.weights, "program": model.program, "factory_path": model.factory_path}
    if model.factory is not None:
        # Without a folder of its own the factory lies beside the configuration.
        named["factory_path"] = model.factory_path or Path()
    files = {name: folder / path.expanduser() for name, path in model.factory_files.items()}
    return {
        "factory_files": files,
        **{key: folder / path.expanduser() for key, path in named.items() if path is not None},
    }
