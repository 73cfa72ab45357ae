"""The section on provenance: which results each section shows, and with which settings and versions they were made."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipeline.report.evidence import ReportEvidence, StageRecord
from pipeline.report.file_names import PROVENANCE
from pipeline.report.number_text import MISSING
from pipeline.report.section import Section
from pipeline.report.table_model import Cell, Column, Row, Table

FINGERPRINT_DIGITS: Final = 12
# What a stage reads is in its fingerprint, and would fill the page; what the templates are is no setting.
_LEFT_OUT: Final = ("reads", "templates")
# By what is shown: the stages, or the beginnings of their names, whose results it is made from.
_SOURCES: Final = (
    ("What the model matches by, and the overview", ("answers", "answer_sets", "similarities.test", "metrics")),
    ("Gallery", ("pairs.test", "images", "answers", "explanations", "audit", "embeddings", "faithfulness.")),
    ("Explained pairs", ("pairs.test", "saliency_maps.test.", "explanations", "answers", "match_components.test")),
    ("Tables of figures with intervals", ("metrics",)),
    ("Audits", ("audit", "edit_effects.test", "recoloured_effects.test", "correspondences.test", "metrics")),
    ("Saliency maps", ("saliency_maps.test.", "faithfulness.", "perturbed_embeddings.test.", "metrics")),
    ("Attributes found without labels", ("discovered_attributes",)),
    ("Weights and prior", ("explanation_weights",)),
    ("Training", ("similarity_model", "attribute_model.")),
)


def provenance_section(evidence: ReportEvidence) -> Section:
    """Return where the figures come from; empty without stages."""
    tables = (sources_table(evidence.stages), settings_table(evidence.stages), versions_table(evidence.stages))
    return Section(
        PROVENANCE,
        "Where every figure comes from",
        (
            "Every figure is computed from results that the store keeps. A result’s fingerprint is a digest of all "
            "that decides it: settings, code, and the fingerprints of what it was made from. The same fingerprint "
            "means the same figures. The tables of the store carry it too, in the column fingerprint.",
        ),
        tables=tuple(table for table in tables if table is not None),
        notes=("Shares are fractions in the tables of the store; factors of 100 exist in this report only.",),
    )


def sources_table(stages: Sequence[StageRecord]) -> Table | None:
    """Return what each part of the report is made from, with fingerprints; None where none of that was made."""
    rows = []
    for shown, wanted in _SOURCES:
        found = [stage for stage in stages if _is_among(stage.stage, wanted)]
        if found:
            named = ", ".join(f"{stage.stage} ({stage.fingerprint[:FINGERPRINT_DIGITS]})" for stage in found)
            rows.append(Row((Cell(shown), Cell(named))))
    if not rows:
        return None
    columns = (Column("shown", is_text=True), Column("made from", "stage and fingerprint", is_text=True))
    return Table("What each part of the report is made from", columns, tuple(rows))


def settings_table(stages: Sequence[StageRecord]) -> Table | None:
    """Return the configuration as each stage had it, its settings as JSON; None where no stage has any."""
    rows = []
    for stage in stages:
        values = {name: value for name, value in stage.settings.items() if name not in _LEFT_OUT}
        if values:
            rows.append(Row((Cell(stage.stage), Cell(_settings_text(values), tone="code"))))
    if not rows:
        return None
    columns = (Column("stage", is_text=True), Column("settings", is_text=True))
    notes = ("Paths, devices and batch sizes are in no fingerprint: they do not change results.",)
    return Table("Configuration, by stage", columns, tuple(rows), notes)


def versions_table(stages: Sequence[StageRecord]) -> Table | None:
    """Return the package versions behind the stages, several of one package separated by "/"; None without any."""
    versions: dict[str, set[str]] = {}
    for stage in stages:
        for package, version in stage.versions.items():
            versions.setdefault(package, set()).add(version)
    if not versions:
        return None
    rows = tuple(Row((Cell(package), Cell("/".join(sorted(versions[package]))))) for package in sorted(versions))
    columns = (Column("package", is_text=True), Column("version", is_text=True))
    return Table("Versions", columns, rows)


def _is_among(stage: str, wanted: Sequence[str]) -> bool:
    return any(stage == name or (name.endswith(".") and stage.startswith(name)) for name in wanted)


def _settings_text(values: Mapping[str, Any]) -> str:
    texts = (f"{name} = {json.dumps(values[name], ensure_ascii=False, sort_keys=True)}" for name in sorted(values))
    return "; ".join(texts) or MISSING
