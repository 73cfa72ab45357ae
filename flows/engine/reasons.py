"""Why a stage is not current, in the user's words: keys of the configuration, names of items, what is still to do."""

from collections.abc import Mapping, Sequence
from typing import Any

from flows.engine.earlier_results import EarlierResults
from flows.engine.input_changes import input_changes
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from stores.errors import StoreError
from stores.fingerprints import ABSENT, changed_ingredients
from stores.manifests import Manifest

NEVER_MADE = "never made"
WAITS = "will be checked after "
NOTHING_EXPECTED = "nothing that it reads is expected to change"
# Around the name of a module whose code changed.
CODE, CODE_CHANGED = "code.", ": code changed"
# Of a setting that follows from others, in Stage.keys.
DERIVED = ""


def missing_reason(stage: Stage, earlier: EarlierResults) -> str:
    """Return why a stage has no result at all."""
    run = earlier.last_user(stage.name)
    return f"removed since run {run} used it" if run else NEVER_MADE


def own_changes(stage: Stage, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return what changed of code and settings, settings by the keys that the user knows.

    What only follows from other settings is told where nothing else is.
    """
    told: list[str] = []
    derived: list[str] = []
    before_all, after_all = _with_left_out(stage, {name: old.get(name) for name in new}), _with_left_out(stage, new)
    for path, before, after in changed_ingredients(before_all, after_all):
        head, _, rest = path.partition(".")
        if head == "code":
            told.append(f"{CODE}{rest}{CODE_CHANGED}")
            continue
        key = user_key(stage, rest) if head == "settings" else path
        (told if key else derived).append(f"{key or path}: {_values(path, before, after)}")
    return list(dict.fromkeys(told or derived))


def user_key(stage: Stage, setting: str) -> str:
    """Return the user's key of a setting, such as "saliency.rise.masks" of "spec.masks"; empty where it is derived."""
    at = max((known for known in stage.keys if _begins(setting, known)), key=len, default=None)
    if at is None:
        return f"settings.{setting}"
    return stage.keys[at] + setting[len(at) :] if stage.keys[at] != DERIVED else DERIVED


def upstream_changes(old: Manifest, current: Upstream, stage: Stage, earlier: EarlierResults) -> list[str]:
    """Return what changed in the results that a stage reads, since its earlier result was last found current."""
    digests = old.ingredients.get("inputs") or {}
    last_read = earlier.upstream_of(old)
    lines: list[str] = []
    for name in stage.upstream:
        new = current.manifests[name]
        if name not in digests:
            lines.append(f"{name}: not read before")
            continue
        before = _read(current, name, last_read.get(name)) or _read(current, name, old.upstream.get(name))
        if (digests[name] if before is None else before.digest) != new.digest:
            lines += input_changes(current.store, before, new)
    return lines


def changed_items(stage: Stage, current: Upstream, old: Manifest, shards: Mapping[str, ShardPlan]) -> list[str]:
    """Return which items changed in the shards that the earlier result does not have; shards by their keys."""
    if stage.item_changes is None:
        return []
    gone = [key for key in old.shard_keys if key not in shards]
    known = set(old.shard_keys)
    new = [shard for key, shard in shards.items() if key not in known]
    try:
        return stage.item_changes(current.store, [current.store.require_commit(stage.name, key) for key in gone], new)
    except StoreError:
        return []  # of the earlier result something is gone; it only chooses words


def waiting_reason(names: Sequence[str]) -> str:
    """Return what a stage says that waits for others."""
    return f"{WAITS}{', '.join(names)}"


def to_do_reason(to_do: int, total: int, unchanged: int = 0) -> str:
    """Return how much of a stage is to do.

    Args:
        to_do: shards.
        total: all shards.
        unchanged: of all, those that the earlier result has as well.
    """
    if to_do == total:
        return "to do" if total == 1 else f"all {total} shards to do"
    since = f" ({unchanged} unchanged since the last result)" if unchanged else ""
    return f"{to_do} of {total} shards to do{since}"


def expected_reason(to_do: int, total: int) -> str:
    """Return what a stage will have to do that waits for others, as far as their results can be told."""
    return to_do_reason(to_do, total) if to_do else NOTHING_EXPECTED


def _read(current: Upstream, name: str, fingerprint: str | None) -> Manifest | None:
    try:
        return None if fingerprint is None else current.store.read_manifest(name, fingerprint)
    except StoreError:
        return None


def _with_left_out(stage: Stage, ingredients: Mapping[str, Any]) -> Mapping[str, Any]:
    settings = ingredients.get("settings")
    return {**ingredients, "settings": {**stage.left_out, **settings}} if settings else ingredients


def _begins(setting: str, known: str) -> bool:
    return setting == known or setting.startswith((f"{known}.", f"{known}["))


def _values(path: str, before: str, after: str) -> str:
    if path.startswith("settings.sources."):
        return "your code changed"  # digests alone would not say what they are of
    # An older version may not have known it, and some are left out at their default.
    if before == ABSENT:
        return f"now {after}; the earlier result was made without this setting"
    if after == ABSENT:
        return f"was {before}; no longer set"
    return f"{before} -> {after}"
