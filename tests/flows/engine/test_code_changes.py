"""What an edit of the sources makes stale; `sane status` runs on an edited copy of them, in a fresh process."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.flows.run_cases import FinishedRun, copy_of_sources, in_fresh_process, states

Status = dict[str, dict[str, Any]]

AFTER_THE_RISE_MAPS = {
    "faithfulness.rise.fixed",
    "map_localisation.rise.fixed",
    "attribute_model.sane",
    "attribute_scores.sane",
    "replacements.valid",
    "replacements.test",
    "presence",
    "explanation_weights",
    "explanations",
    "explanations.valid",
    "answers",
    "answer_sets",
    "group_effects.test",
    "audit",
    "metrics",
    "pair_pages.test",
    "report",
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return copy_of_sources(tmp_path / "source")


@pytest.fixture
def status_of(finished_run: FinishedRun, source: Path) -> Callable[[], Status]:
    def status() -> Status:
        arguments = ["-m", "flows.cli", "status", str(finished_run.config), "--format", "json"]
        return {row["stage"]: row for row in json.loads(in_fresh_process(arguments, source).stdout)}

    return status


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1, f"{old!r} is not in {path}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_comments_docstrings_and_code_beside_the_results_make_nothing_stale(
    source: Path, status_of: Callable[[], Status]
) -> None:
    files = sorted((source / "pipeline").rglob("*.py")) + sorted((source / "flows" / "jobs").rglob("*.py"))
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert text.startswith('"""')
        path.write_text('"""Edited. ' + text[3:] + "\n\n# an afterthought\n", encoding="utf-8")
    edit(source / "pipeline/saliency/rise/masks.py", '    """Return', '    """Give back what was asked for. Return')
    assert len(files) > 80
    # Code that no result depends on: the wording of errors, progress, tables on the console.
    for name in ("pipeline/errors.py", "flows/jobs/progress.py", "flows/commands/status.py", "stores/tables.py"):
        (source / name).write_text((source / name).read_text(encoding="utf-8") + "\n\nEDITED = 1\n", encoding="utf-8")
    status = status_of()
    assert states(status, "current") == set(status)


def test_a_helper_of_rise_makes_its_maps_stale_and_what_follows_wait(
    source: Path, status_of: Callable[[], Status]
) -> None:
    masks = source / "pipeline/saliency/rise/masks.py"
    masks.write_text(masks.read_text(encoding="utf-8") + "\n\nEDITED = 1\n", encoding="utf-8")
    status = status_of()
    rise_maps = {f"saliency_maps.{split}.rise.fixed" for split in ("train", "valid", "test")}
    assert states(status, "stale") == rise_maps
    for name in rise_maps:
        assert status[name]["reasons"][0].startswith("code.pipeline.saliency.rise.masks: ")
        assert status[name]["reasons"][1] == f"all {status[name]['shards']} shards to do"
    assert states(status, "pending") == AFTER_THE_RISE_MAPS
    assert all(status[name]["reasons"][0].startswith("will be checked after ") for name in AFTER_THE_RISE_MAPS)
    assert states(status, "current") == set(status) - rise_maps - AFTER_THE_RISE_MAPS


def test_other_datasets_and_their_catalogue_make_nothing_stale(source: Path, status_of: Callable[[], Status]) -> None:
    datasets = source / "pipeline/datasets"
    # The job itself opens files, so that what finds them counts for all datasets alike.
    others = ("awa2", "polyvore_outfits", "folder", "image_decoding", "catalogue", "declaration")
    for path in (*(datasets / f"{name}.py" for name in others), datasets / "planted/declaration.py"):
        path.write_text(path.read_text(encoding="utf-8") + "\n\nEDITED = 1\n", encoding="utf-8")
    status = status_of()
    # The report and the pages of pairs read photographs again, through the decoder of all of them.
    assert states(status, "current") == set(status) - {"pair_pages.test", "report"}
    renderer = datasets / "planted/renderer.py"
    renderer.write_text(renderer.read_text(encoding="utf-8") + "\n\nEDITED = 1\n", encoding="utf-8")
    status = status_of()
    assert states(status, "stale") == {"images"}
    assert states(status, "current") == {"vocabulary"}


def test_a_helper_of_jobs_counts_for_every_job_that_imports_it(source: Path, status_of: Callable[[], Status]) -> None:
    names = source / "flows/readers/pair_frame.py"
    names.write_text(names.read_text(encoding="utf-8") + "\n\nEDITED = 1\n", encoding="utf-8")
    status = status_of()
    attributes = {f"attribute_model.{name}" for name in ("sane", "classifier")}
    effects = {"embedding_effects.test", "embedding_effects.valid"}
    assert states(status, "stale") == {"attribute_groups", *effects, *attributes}
    later = {"replacements.valid", "replacements.test", "presence", "explanation_weights", "explanations", "answers"}
    assert later | {"audit", "metrics", "report"} <= states(status, "pending")
    assert any(reason.startswith("code.flows.readers.pair_frame: ") for reason in status["metrics"]["reasons"])


def test_the_table_of_variants_counts_where_variants_are_made_and_where_they_are_measured(
    source: Path, status_of: Callable[[], Status]
) -> None:
    edit(source / "pipeline/explanation/variants.py", "claim_order=5", "claim_order=80")
    status = status_of()
    assert states(status, "stale") == {"explanations", "explanations.valid"}
    assert states(status, "pending") == {
        "answers",
        "answer_sets",
        "group_effects.test",
        "audit",
        "metrics",
        "pair_pages.test",
        "report",
    }
    for stage in ("explanations", "audit", "metrics", "report"):
        reasons = status[stage]["reasons"]
        assert any(reason.startswith("code.pipeline.explanation.variants: ") for reason in reasons), stage


@pytest.mark.parametrize("name", ["page.html", "report.css", "gallery.js"])
def test_a_template_makes_the_report_stale_and_nothing_else(
    source: Path, status_of: Callable[[], Status], name: str
) -> None:
    template = source / "pipeline/report/templates" / name
    template.write_text(template.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    status = status_of()
    assert states(status, "stale") == {"report"}
    assert status["report"]["reasons"][0].startswith("settings.templates: ")
    assert states(status, "current") == set(status) - {"report"}
