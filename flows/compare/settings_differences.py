"""What two results were made with, where it is not the same: settings by the user's keys, data, weights, code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.compare.sides import Side
from flows.engine.reasons import user_key
from flows.engine.stage import Stage
from pipeline.report.comparison_page.evidence import Differing
from stores.fingerprints import ABSENT, changed_ingredients
from stores.manifests import Manifest

# Parts of results that say what was compared, with words for people.
_CONTENTS = {
    ("images", "images"): "images",
    ("pairs.test", "pairs"): "test pairs",
    ("similarity_model", "model"): "similarity model (its weights)",
}
_NOT_SET = "not set"


@dataclass(frozen=True)
class _Both:
    stage: Stage
    first: Manifest
    second: Manifest


def settings_differences(first: Side, second: Side) -> list[Differing]:
    """Return what differs, sorted by key; settings that only follow from others are left out.

    Read from what the results themselves say that they were made with, so a recorded run's settings are those of the
    run, whatever its configuration says now.
    """
    found = {one.key: one for both in _stages_of_both(first, second) for one in _of_stage(both)}
    rows = [found[key] for key in sorted(found)]
    return rows + _stages_of_one(first, second) + _contents(first, second) + _code(first, second)


def _stages_of_both(first: Side, second: Side) -> list[_Both]:
    names = [name for name in first.upstream.manifests if name in second.upstream.manifests]
    known = {**second.stages, **first.stages}
    return [
        _Both(known[name], first.upstream.manifests[name], second.upstream.manifests[name])
        for name in names
        if name in known
    ]


def _of_stage(both: _Both) -> list[Differing]:
    before, after = (_settings(both.stage, manifest) for manifest in (both.first, both.second))
    rows = []
    for path, one, other in changed_ingredients(before, after):
        key = user_key(both.stage, path)
        if key and not key.startswith("settings."):
            rows.append(Differing(key, _shown(one), _shown(other)))
    return rows


def _settings(stage: Stage, manifest: Manifest) -> Mapping[str, Any]:
    settings: Mapping[str, Any] = manifest.ingredients.get("settings") or {}
    return {**stage.left_out, **settings}


def _shown(value: str) -> str:
    return _NOT_SET if value == ABSENT else value


def _stages_of_one(first: Side, second: Side) -> list[Differing]:
    names, others = set(first.upstream.manifests), set(second.upstream.manifests)
    # The report says nothing that its own stages do not say.
    only, only_second = sorted(names - others - {"report"}), sorted(others - names - {"report"})
    if not only and not only_second:
        return []
    return [Differing("stages that only one has", ", ".join(only) or "none", ", ".join(only_second) or "none")]


def _contents(first: Side, second: Side) -> list[Differing]:
    rows = []
    for (stage, part), words in _CONTENTS.items():
        digests = [side.upstream.part_digest(stage, part) for side in (first, second)]
        if digests[0] != digests[1]:
            rows.append(Differing(words, digests[0][:12], digests[1][:12]))
    return rows


def _code(first: Side, second: Side) -> list[Differing]:
    changed = [
        both.stage.name
        for both in _stages_of_both(first, second)
        if both.first.ingredients.get("code") != both.second.ingredients.get("code")
    ]
    return [Differing("code", "", f"differs in {', '.join(changed)}")] if changed else []
