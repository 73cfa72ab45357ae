"""From a configuration file and overrides to settings whose paths are absolute."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flows.settings.configuration import Settings
from flows.settings.overrides import apply_override
from flows.settings.refusals import refusal
from flows.settings.similarity_model import SimilarityModelSettings
from flows.settings.toml_file import read_toml
from stores.location import with_request_timeout


def load_settings(path: Path, overrides: Sequence[str] = ()) -> Settings:
    """Return the settings of a TOML file after `key=value` overrides, with paths made absolute.

    Args:
        path: the configuration file; relative paths inside are relative to its folder.
        overrides: such as "saliency.rise.masks=500"; values are TOML, a bare word is taken as text.

    Raises:
        BadSetting: no such file, not TOML, an unknown key (the closest known one is named), or a bad value.
    """
    values = read_toml(path)
    applied = [apply_override(values, override) for override in overrides]
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise refusal(error, Settings, values, path, applied) from error
    return _with_absolute_paths(settings, path.resolve().parent)


def with_seed(settings: Settings, seed: int) -> Settings:
    """Return the settings of one seed of a run over several."""
    return settings.model_copy(update={"seed": seed})


def run_seeds(settings: Settings) -> list[int]:
    """Return the seeds that a run goes through: `evaluation.seeds`, or `seed` alone."""
    return list(dict.fromkeys(settings.evaluation.seeds)) or [settings.seed]


def _with_absolute_paths(settings: Settings, folder: Path) -> Settings:
    updates: dict[str, Mapping[str, Any]] = {}
    paths = {"root": settings.dataset.root, "table": settings.dataset.table}
    updates["dataset"] = {name: folder / place.expanduser() for name, place in paths.items() if place is not None}
    followed = [folder / place.expanduser() for place in settings.dataset.follow_links_to]
    updates["dataset"] = {**updates["dataset"], "follow_links_to": followed}
    updates["similarity_model"] = _model_paths(settings.similarity_model, folder)
    if settings.pairs.file is not None:
        updates["pairs"] = {"file": folder / settings.pairs.file.expanduser()}
    if settings.attribute_model.backbone_weights is not None:
        updates["attribute_model"] = {
            "backbone_weights": folder / settings.attribute_model.backbone_weights.expanduser()
        }
    if "://" not in settings.store.root:
        updates["store"] = {"root": str(folder / Path(settings.store.root).expanduser())}
    elif "request_timeout_seconds" in settings.store.model_fields_set:
        updates["store"] = {"root": with_request_timeout(settings.store.root, settings.store.request_timeout_seconds)}
    copied = {name: getattr(settings, name).model_copy(update=dict(values)) for name, values in updates.items()}
    return settings.model_copy(update=copied)


def _model_paths(model: SimilarityModelSettings, folder: Path) -> dict[str, Any]:
    named = {"weights": model.weights, "program": model.program, "factory_path": model.factory_path}
    named["backbone_weights"] = model.backbone_weights
    if model.factory is not None:
        # Without a folder of its own the factory lies beside the configuration.
        named["factory_path"] = model.factory_path or Path()
    files = {name: folder / path.expanduser() for name, path in model.factory_files.items()}
    return {
        "factory_files": files,
        **{key: folder / path.expanduser() for key, path in named.items() if path is not None},
    }
