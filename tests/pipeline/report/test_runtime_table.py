"""Table 4 from what stages record: seconds and passes a map, and what modes share."""

import pytest

from pipeline.report import runtime_table as module
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.report_cases import make_stage

GENERATORS = [("rise", "fixed"), ("rise", "both"), ("mask", "fixed"), ("grad_cam", "fixed"), ("centre", "fixed")]
STAGES = [
    make_stage("perturbed_embeddings.test.rise", 100, 200_000, 920.0),
    make_stage("saliency_maps.test.rise.fixed", 100, 0, 60.0, pairs=400),
    make_stage("saliency_maps.test.rise.both", 100, 12_000, 140.0, pairs=400),
    make_stage("saliency_maps.test.mask.fixed", 10, 30, 205.0, pairs=40, training_passes=20_000),
    make_stage("saliency_maps.test.centre.fixed", 100, 0, 2.0, pairs=400),
    # Maps of other splits, and other stages of the same generator, are none of these.
    make_stage("saliency_maps.train.rise.fixed", 900, 9_999, 9_999.0, pairs=900),
    make_stage("faithfulness.rise.fixed", 900, 9_999, 9_999.0, pairs=900),
]


def check_runtimes(checked=module) -> None:
    found = checked.map_runtimes(STAGES, GENERATORS)
    # Grad-CAM was not run.
    keys = [("rise", None), ("rise", "fixed"), ("rise", "both"), ("mask", "fixed"), ("centre", "fixed")]
    assert [(runtime.generator, runtime.mode) for runtime in found] == keys
    table = checked.runtime_table(found, "awa2")
    assert table is not None
    assert all(len(row.cells) == len(table.columns) for row in table.rows)
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["RISE", "2.3", "500", "–", "400", "cpu", "–"],
        ["RISE", "0.15", "–", "–", "400", "cpu", "0.3"],
        ["RISE", "0.35", "30", "–", "400", "cpu", "5.8"],
        ["Mask", "5.1", "0.8", "500", "40", "cpu", "4.1"],
        ["centre blob", "0.005", "–", "–", "400", "cpu", "–"],
    ]
    assert [row.cells[0].note for row in table.rows][:3] == ["passes that its modes share", "fixed", "both"]


def test_seconds_and_passes_are_those_of_a_map() -> None:
    check_runtimes()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('record.counts.get("pairs", 0)', 'record.counts.get("images", 0)'),
        ('("forward_passes", "training_passes"))', '("training_passes", "forward_passes"))'),
        ("runtime.seconds / runtime.maps", "runtime.seconds"),
        ('f"saliency_maps.test.{generator}.{mode}"', 'f"faithfulness.{generator}.{mode}"'),
    ],
    ids=["a query", "kinds of passes", "of all", "another stage"],
)
def test_broken_copies_are_noticed(tmp_path, right, wrong) -> None:
    with pytest.raises(AssertionError):
        check_runtimes(broken_copy(module, tmp_path, right, wrong))


def test_the_papers_seconds_are_for_their_datasets_alone() -> None:
    runtimes = module.map_runtimes(STAGES, GENERATORS)
    outfits, planted = (module.runtime_table(runtimes, kind) for kind in ("polyvore_outfits", "planted"))
    assert outfits is not None
    assert planted is not None
    assert outfits.rows[1].cells[-1].text == "0.3"
    assert len(planted.columns) == len(outfits.columns) - 1


def test_controls_alone_or_no_maps_make_no_table() -> None:
    assert module.runtime_table(module.map_runtimes(STAGES, [("centre", "fixed")]), "awa2") is None
    empty = [make_stage("saliency_maps.test.rise.fixed", 0, 0, 0.1, pairs=0)]
    assert module.runtime_table(module.map_runtimes(empty, GENERATORS), "awa2") is None
