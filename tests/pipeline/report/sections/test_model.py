"""The explained model's own figures: each in its column, beside chance, and what the checks of a user's own found."""

import dataclasses

import pytest

from pipeline.report.evidence import OutfitFacts
from pipeline.report.metric_table import MetricTable
from pipeline.report.page import make_sections
from pipeline.report.sections import model
from pipeline.report.sections.model import checks_table, compatibility_table, outfit_tiles
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.report_cases import CHECKS, count, figure, make_compatibility, make_evidence, make_metrics

FOUND = [
    ["under conditions", "57.1", "[55.1, 59.1]", "9,000", "0.862", "[0.842, 0.882]", "8,500"],
    ["general embedding", "41.2", "[39.2, 43.2]", "9,000", "0.743", "[0.723, 0.763]", "8,500"],
    ["chance", "25.0", "", "", "0.500", "", ""],
]


def texts_of(table):
    """The figures of each row with their intervals, in the order of the columns."""
    found = []
    for row in table.rows:
        name, accuracy, questions, area, outfits = row.cells
        found.append(
            [name.text, accuracy.text, accuracy.note, questions.text, area.text, area.note, outfits.text],
        )
    return found


def check_compatibility(module):
    table = module.compatibility_table(MetricTable([*make_metrics(), *make_compatibility()]))
    assert texts_of(table) == FOUND
    assert len(table.columns) == 5
    assert "100 of 10,000 test outfits have no question, 1,500 of 10,000 test outfits have no copy" in table.notes[-1]


def test_both_ways_of_scoring_stand_above_chance():
    check_compatibility(model)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('metrics.of_variant(_TABLE, "compatibility_auc", scoring)', 'metrics.single(_TABLE, "compatibility_auc")'),
        ('area = metrics.of_variant(_TABLE, "compatibility_auc"', 'area = metrics.of_variant(_TABLE, "fill_in"'),
        ("_n_cell(area)", "_n_cell(accuracy)"),
        ("1 / CHOICES", "1 / (CHOICES - 1)"),
        ("count_text(found.value)", "count_text(found.n)"),
    ],
)
def test_a_table_that_mixes_figures_up_is_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_compatibility(broken_copy(model, tmp_path, right, wrong))


def test_a_plain_model_has_one_way_of_scoring_and_undefined_figures_are_dashes():
    plain = [row for row in make_compatibility() if row.get("variant") != "type_aware"]
    table = compatibility_table(MetricTable(plain))
    assert [row.cells[0].text for row in table.rows] == ["general embedding", "chance"]
    empty = [
        {**row, "value": None, "ci_low": None, "ci_high": None, "n": 0} if row.get("variant") else row for row in plain
    ]
    assert not any("have no" in note for note in compatibility_table(MetricTable(plain[2:])).notes)
    assert texts_of(compatibility_table(MetricTable(empty)))[0] == ["general embedding", "–", "", "0", "–", "", "0"]
    assert compatibility_table(MetricTable(make_metrics())) is None


def test_tiles_count_what_was_seen_before():
    facts = make_evidence(n_pairs=0).facts
    assert outfit_tiles(None, facts) == []
    shared, unmasked = outfit_tiles(OutfitFacts(40, 12), facts)
    assert shared[:2] == ("test items seen before", "40 of 300")
    assert unmasked[:2] == ("explained pairs without a mask", "12 of 600")
    assert len(outfit_tiles(OutfitFacts(40, None), facts)) == 1


def test_checks_stand_beside_their_limits():
    table = checks_table(CHECKS)
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["length of its vectors", "1,024", "–"],
        ["the same batch twice", "0", "≤ 0.00001"],
        ["alone and in a batch", "3.1e−7", "≤ 0.001"],
        ["different images", "1.2", "≥ 0.001"],
        ["different images of the dataset", "–", "≥ 0.001"],
        ["time an image", "2.1 ms", "–"],
        ["masks", "3", "–"],
        ["conditions without a mask", "0", "–"],
        ["masks without a condition", "1", "–"],
        ["what masks leave", "0.046", "> 1e−12"],
        ["a later check", "7", "–"],
    ]
    assert table.rows[5].cells[0].note == "in a batch of 12"
    assert checks_table([]) is None


def test_the_section_is_there_for_outfits_and_users_models_only():
    # Figures take seconds to draw.
    plain = dataclasses.replace(
        make_evidence("polyvore_outfits", n_pairs=1), curves=[], weight_grid=[], attribute_histories={}
    )
    assert "model" not in [section.anchor for section in make_sections(plain)]
    worn = dataclasses.replace(plain, metrics=[*plain.metrics, *make_compatibility()], outfits=OutfitFacts(40, None))
    users = dataclasses.replace(plain, model_checks=CHECKS)
    both = dataclasses.replace(worn, model_checks=CHECKS)
    compatibility, checks = "Does the model know what goes together?", "Checks of the model"
    for evidence, titles in (
        (worn, [compatibility]),
        (users, [checks]),
        (both, [compatibility, checks]),
    ):
        sections = make_sections(evidence)
        assert [section.anchor for section in sections][:2] == ["pairs", "model"]
        assert [table.title for table in sections[1].tables] == titles
        assert ("chance" in " ".join(sections[1].paragraphs)) == (evidence is not users)


def test_an_unknown_way_of_scoring_keeps_its_name():
    rows = [figure("similarity_model", "fill_in_the_blank_accuracy", 0.5, variant="other"), count("x", "y", 1, 2)]
    table = compatibility_table(MetricTable(rows))
    assert [cell.text for cell in table.rows[0].cells] == ["other", "50.0", "600", "–", "–"]
