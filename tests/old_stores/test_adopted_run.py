"""A store made by the code of an earlier commit is carried over by `sane run --adopt all`: its values stay."""

import json
import re
import tarfile
from pathlib import Path

import pytest

from flows.engine.code_identity import stage_code
from flows.stages.graph import build_stages
from stores.artifacts import ArtifactStore
from stores.fingerprints import changed_ingredients
from stores.manifests import Manifest
from tests.flows.run_cases import FinishedRun, invoke, states

ARCHIVE = Path(__file__).parent / "run-0.1.tar.xz"
# Settings that have been added to stages since, on purpose; such a stage is computed again. Whoever changes the
# settings of another stage names it here, in the changelog, and says there what it costs users.
ITEMS = {f"settings.{name}" for name in ("drivers", "label_mode", "unlabelled_share", "classes", "class_noise")}
EDITED_ITEMS = {path.replace("settings.", "settings.dataset.") for path in ITEMS}
ATTRIBUTE_MODEL = {f"settings.training.{name}" for name in ("head", "freeze_backbone", "huber_reduction")}
REPLACEMENTS = {
    "settings.replacement_models",
    "settings.replacements",
    *(f"settings.reads.attribute_scores.{model}" for model in ("sane", "classifier")),
}
CHANGED_SETTINGS = {
    "vocabulary": ITEMS,
    "images": ITEMS,
    **{f"true_effects.{split}": EDITED_ITEMS for split in ("valid", "test")},
    **{f"map_localisation.{generator}.fixed": EDITED_ITEMS for generator in ("rise", "random", "centre")},
    "attribute_model.sane": {*ATTRIBUTE_MODEL, "settings.map_normalisation"},
    "attribute_model.classifier": {*ATTRIBUTE_MODEL, "settings.map_temperature"},
    **{f"replacements.{split}": REPLACEMENTS for split in ("valid", "test")},
    "explanation_weights": {
        f"settings.{name}"
        for name in (
            "models",
            "map_normalisation",
            "has_tcav",
            "prior_measure",
            "weights",
            "weights_measure",
            "sensitivity_radius",
            "reads.images",
            "reads.embeddings",
            "reads.replacements.valid[0][1]",
        )
    },
    "explanations": {
        f"settings.{name}"
        for name in (
            "split",
            "variants",
            "models",
            "matched_models",
            "map_normalisation",
            "prior",
            "prior_kinds",
            "reads.presence",
            "reads.replacements.valid[0][1]",
        )
    },
    "audit": {
        f"settings.{name}" for name in ("variants", "drivers", "label_mode", "reads.answers", "reads.replacements.test")
    },
    "metrics": {
        f"settings.{name}"
        for name in (
            "variants",
            "may_answer",
            "shared_unit",
            "colour_prefixes",
            "reads.answers",
            "reads.answer_sets",
            "reads.edit_effects.test",
            "reads.group_effects.test",
            "reads.replacements.test[0][1]",
        )
    },
    "report": {
        *(f"settings.{name}" for name in ("templates", "variants", "bootstrap_samples", "shared_unit")),
        *(
            f"settings.reads.{stage}"
            for stage in (
                *("answers", "answer_sets", "audit", "edit_effects.test", "embeddings", "explanation_weights"),
                "replacements.test",
            )
        ),
    },
}
# Stages that have been added since.
NEW_STAGES = {
    "edit_effects.test",
    "attribute_groups",
    "embedding_effects.valid",
    "presence",
    "explanations.valid",
    "answers",
    "joint_effects.test",
    "answer_sets",
    "group_effects.test",
    "pair_pages.test",
}
# Their tables have other columns than before; what both have is kept as it was.
OTHER_COLUMNS = {"similarity_model", "embedding_effects.test"}
# Made of other models than before, though their own settings stayed.
FROM_OTHER_MODELS = {"attribute_scores.sane", "attribute_scores.classifier"}


@pytest.fixture
def old_run(tmp_path: Path) -> FinishedRun:
    """The kept run, unpacked."""
    with tarfile.open(ARCHIVE) as packed:
        packed.extractall(tmp_path, filter="data")
    return FinishedRun(tmp_path / "planted.toml")


def changes(run: FinishedRun, *overrides: str) -> dict[str, set[str]]:
    """Return the ingredients that changed since the store was made, by stage; of code only that it did."""
    found = {}
    for stage in build_stages(run.settings(*overrides)):
        if stage.name in NEW_STAGES:
            continue
        kept = run.manifest(stage.name).ingredients
        now = {"code": stage_code(stage.job, stage.code, stage.packages), "settings": dict(stage.settings)}
        named = [path for path, _, _ in changed_ingredients({name: kept[name] for name in now}, now)]
        found[stage.name] = {"code" if path.startswith("code.") else path for path in named}
    return found


def manifests(run: FinishedRun) -> dict[str, Manifest]:
    store = ArtifactStore(str(run.store))
    return {stage: run.manifest(stage) for stage in store.stages()}


def column_digests(run: FinishedRun, manifest: Manifest) -> dict[tuple[str, str], str]:
    """Return the digest of each column of a result's tables, by part and column."""
    commits = ArtifactStore(str(run.store)).read_commits(manifest)
    return {
        (part, column): digest
        for commit in commits
        for part, record in commit.parts.items()
        for column, digest in record.detail.get("column_digests", {}).items()
    }


def test_of_every_stage_nothing_but_code_and_what_is_named_has_changed(old_run: FinishedRun) -> None:
    status = old_run.status()
    assert set(status) == set(manifests(old_run)) | NEW_STAGES
    assert states(status, "stale", "pending") >= set(status) - NEW_STAGES
    old = set(status) - NEW_STAGES
    assert changes(old_run) == {stage: {"code"} | CHANGED_SETTINGS.get(stage, set()) for stage in old}


def test_the_check_above_can_fail(old_run: FinishedRun) -> None:
    assert changes(old_run, "saliency.rise.masks=9")["saliency_maps.test.rise.fixed"] == {"code", "settings.spec.masks"}


def test_adopting_all_computes_what_settings_changed_and_keeps_every_other_value(old_run: FinishedRun) -> None:
    old = manifests(old_run)
    result = invoke("run", old_run.config, "--adopt", "all")
    assert result.exit_code == 0, result.output
    made_again = set(CHANGED_SETTINGS) | FROM_OTHER_MODELS
    assert f"{len(set(old) - made_again)} results kept although code changed" in result.stdout
    new = manifests(old_run)
    kept = {stage for stage in old if new[stage].adopted_from == old[stage].fingerprint}
    assert kept == set(old) - made_again
    same = kept - OTHER_COLUMNS
    assert {stage: new[stage].digests for stage in same} == {stage: old[stage].digests for stage in same}
    for stage in OTHER_COLUMNS:
        before, after = (column_digests(old_run, one[stage]) for one in (old, new))
        shared = before.keys() & after.keys()
        assert len(shared) >= 4
        assert {name: before[name] for name in shared} == {name: after[name] for name in shared}
    # Items are rendered as before: what was made of them is kept.
    assert new["images"].digests == old["images"].digests
    status = old_run.status()
    assert states(status, "current") == set(status)
    assert old_run.computed() == {}
    verified = json.loads(invoke("verify", old_run.config, "--format", "json").stdout)
    assert verified["problems"] == []


def test_the_kept_run_does_not_say_where_it_was_made(old_run: FinishedRun) -> None:
    records = [path for path in old_run.config.parent.rglob("*") if path.suffix in (".json", ".toml", ".py")]
    assert len(records) > 50
    # A path of a machine, or the name of one.
    telling = re.compile(rb'"/[a-z]+/|host')
    assert [path for path in records if telling.search(path.read_bytes())] == []
