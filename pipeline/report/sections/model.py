"""The section on the explained model: does it know what goes together, and what did the checks of a user's own find?"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from pipeline.report.evidence import OutfitFacts, ReportEvidence, RunFacts
from pipeline.report.few_clusters import count_cell, few_clusters_note
from pipeline.report.metric_table import Estimate, MetricTable
from pipeline.report.number_text import MISSING, PERCENT, count_text, number_text, significant_text
from pipeline.report.section import Section
from pipeline.report.table_model import Cell, Column, NumberFormat, Row, Table, estimate_cell
from pipeline.report.table_row import TableRow
from pipeline.similarity.compatibility.outfit_draws import CHOICES

_TABLE = "similarity_model"
_SHARE = NumberFormat(scale=PERCENT, decimals=1)
_AREA = NumberFormat(scale=1.0, decimals=3)
_CHANCE_AREA = 0.5
# Name and meaning of each way of scoring.
_SCORINGS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "type_aware": ("under conditions", "each pair of items by the mask of its two types"),
        "general": ("general embedding", "every pair of items alike"),
    }
)


class _Check(NamedTuple):
    """How a row of `model_checks` is told; `bound` says on which side of its limit a fit model lies."""

    name: str
    meaning: str
    bound: str = ""


_CHECKS: Final[Mapping[str, _Check]] = MappingProxyType(
    {
        "embedding_dim": _Check("length of its vectors", "dimensions"),
        "repeat_difference": _Check("the same batch twice", "largest distance between an image’s two vectors", "≤"),
        "batch_difference": _Check("alone and in a batch", "largest distance between an image’s two vectors", "≤"),
        "largest_distance": _Check("different images", "largest distance, noise and blank images included", "≥"),
        "largest_distance_in_dataset": _Check("different images of the dataset", "largest distance", "≥"),
        "condition_masks": _Check("masks", "that the model offers"),
        "conditions_without_mask": _Check("conditions without a mask", "scored by the general embedding"),
        "masks_of_no_condition": _Check("masks without a condition", "no pair of this dataset has their names"),
        "smallest_norm_under_mask": _Check("what masks leave", "smallest norm of a unit vector times a mask", ">"),
    }
)


def model_section(evidence: ReportEvidence) -> Section:
    """Return how the explained model does on outfits, and what the checks of a user's own found."""
    compatibility = compatibility_table(MetricTable(evidence.metrics))
    checks = checks_table(evidence.model_checks)
    paragraphs = ["Explanations say why this model scores as it does, not that it is right to."]
    if compatibility is not None:
        paragraphs.append(
            "Whether its scores know what goes together is measured on the outfits of the test split, which "
            "people put together, by two tasks; chance is what a model reaches that knows nothing of outfits."
        )
    if checks is not None:
        paragraphs.append(
            "It is the user’s own: nothing of it is looked at but its vectors, and it was checked on a few images "
            "before anything was computed with it."
        )
    return Section(
        "model",
        "The explained model",
        tuple(paragraphs),
        tiles=tuple(outfit_tiles(evidence.outfits, evidence.facts)),
        tables=tuple(table for table in (compatibility, checks) if table is not None),
    )


def compatibility_table(metrics: MetricTable) -> Table | None:
    """Return fill-in-the-blank accuracy and compatibility AUC by way of scoring; None without any figure.

    The last row says what chance reaches.
    """
    scorings = metrics.variants(_TABLE, "fill_in_the_blank_accuracy")
    if not scorings:
        return None
    columns = (
        Column("scored by", is_text=True),
        Column("fill in the blank", "right answers, %, ↑"),
        Column("questions"),
        Column("compatibility AUC", "0 to 1, ↑"),
        Column("outfits"),
    )
    chance = (
        Cell("chance", "knows nothing of outfits"),
        Cell(number_text(1 / CHOICES, _SHARE.scale, _SHARE.decimals)),
        Cell(""),
        Cell(number_text(_CHANCE_AREA, _AREA.scale, _AREA.decimals)),
        Cell(""),
    )
    rows = (*(_scoring_row(metrics, scoring) for scoring in scorings), Row(chance, "muted"))
    return Table("Does the model know what goes together?", columns, rows, _notes(metrics))


def outfit_tiles(outfits: OutfitFacts | None, facts: RunFacts) -> list[tuple[str, str, str]]:
    """Return what bounds the meaning of these figures, as (name, figure, explanation); empty without outfits."""
    if outfits is None:
        return []
    tiles = [
        (
            "test items seen before",
            f"{count_text(outfits.test_items_in_training)} of {count_text(facts.test_images)}",
            "are also in a training outfit; a model that learned from these knows their pictures",
        )
    ]
    if outfits.pairs_without_mask is not None:
        tiles.append(
            (
                "explained pairs without a mask",
                f"{count_text(outfits.pairs_without_mask)} of {count_text(facts.test_pairs)}",
                "their condition has none; scored by the general embedding",
            )
        )
    return tiles


def checks_table(rows: Sequence[TableRow]) -> Table | None:
    """Return what the checks of a user's own model found, beside the limits; None without rows."""
    if not rows:
        return None
    columns = (Column("check", is_text=True), Column("found"), Column("limit"))
    notes = (
        "Distances are between vectors of length 1, so 0 to 2. A model that breaks a limit is not explained at all: "
        "the run stops. The speed is that of one batch when the model was checked.",
    )
    return Table("Checks of the model", columns, tuple(_check_row(row) for row in rows), notes)


def _scoring_row(metrics: MetricTable, scoring: str) -> Row:
    name, meaning = _SCORINGS.get(scoring, (scoring, ""))
    accuracy = metrics.of_variant(_TABLE, "fill_in_the_blank_accuracy", scoring)
    area = metrics.of_variant(_TABLE, "compatibility_auc", scoring)
    return Row(
        (
            Cell(name, meaning),
            estimate_cell(accuracy, _SHARE),
            _n_cell(accuracy),
            estimate_cell(area, _AREA),
            _n_cell(area),
        )
    )


def _n_cell(estimate: Estimate | None) -> Cell:
    return count_cell(estimate)


def _notes(metrics: MetricTable) -> tuple[str, ...]:
    notes = [
        f"Fill in the blank: an item is taken out of an outfit and hidden among {CHOICES - 1} others of its type; "
        "right if it has the largest mean score with the items that remain. Another item may fit as well, so 100 % "
        "cannot be expected.",
        "Compatibility AUC: each outfit has a copy with every item replaced by another of its type. An outfit’s "
        "score is the mean over its pairs of items; the figure is the share of all combinations of an outfit and "
        "a copy in which the outfit scores higher.",
        "In brackets 95 % intervals over outfits, drawn again as if none shared an item. An interval that holds "
        "chance shows no knowledge.",
    ]
    notes += few_clusters_note(metrics.all_in(_TABLE))
    left_out = [
        f"{count_text(found.value)} of {count_text(found.n)} test outfits {what}"
        for metric, what in (
            ("outfits_without_question", "have no question"),
            ("outfits_not_replaced", "have no copy"),
        )
        if (found := metrics.single(_TABLE, metric)) is not None and found.value
    ]
    if left_out:
        notes.append(f"{', '.join(left_out)}: fewer than two readable items, or too few others of a type.")
    return tuple(notes)


def _check_row(row: TableRow) -> Row:
    measure, value, limit = row["measure"], row["value"], row.get("limit")
    if measure == "timed_images":
        speed = None if row.get("seconds") is None else 1000 * row["seconds"] / value
        found = MISSING if speed is None else f"{significant_text(speed)} ms"
        return Row((Cell("time an image", f"in a batch of {count_text(value)}"), Cell(found), Cell(MISSING)))
    check = _CHECKS.get(measure, _Check(measure, ""))
    # Without a limit it is a count.
    found = count_text(value) if limit is None else significant_text(value)
    bound = MISSING if limit is None else f"{check.bound} {significant_text(limit)}".strip()
    return Row((Cell(check.name, check.meaning), Cell(found), Cell(bound)))
