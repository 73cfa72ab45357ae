"""The benchmarks of both sides of a match: shared passes, figures by hand, and whole measurements of a small run."""

import numpy as np
import pytest

from benchmarks import both_sided_deletion
from benchmarks.both_sides_cases import Design, Run, effects_of_images
from benchmarks.both_sides_figures import Figures, matched_overlap, rank_correlation
from benchmarks.both_sides_maps import agreed_map
from benchmarks.both_sides_stability import SeedPairs, agreements_table
from benchmarks.both_sides_stability import measure as stability_of
from benchmarks.correspondence_methods import components_table, designs_table, maps_table, measure
from benchmarks.correspondence_ways import Explainers, way_name
from pipeline.evaluation.audit.both_sides import on_pixels
from pipeline.evaluation.audit.localisation import map_auroc
from pipeline.evaluation.bootstrap import Resampling
from pipeline.saliency.correspondence.cell_effects import CellEffects
from pipeline.saliency.correspondence.components import MatchComponents
from pipeline.saliency.perturbed_embeddings import embed_perturbations
from pipeline.saliency.rise.maps import query_masks
from tests.flows.fake_outfits import write_outfit_config
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun

EPOCH = "similarity_model.epochs=1"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    run = FinishedRun(write_config(tmp_path_factory.mktemp("both_sides")))
    run.run(EPOCH, until="true_effects.test")
    return run


@pytest.fixture(scope="module")
def run(finished: FinishedRun) -> Run:
    return Run(finished.settings(EPOCH), queries=3, references=2, with_causes=True)


def components(query_ku: list[list[float]], reference_kv: list[list[float]]) -> MatchComponents:
    sizes = np.ones(len(query_ku))
    return MatchComponents(np.array(query_ku), np.array(reference_kv), sizes, sizes / len(query_ku))


def test_components_overlap_whatever_their_order() -> None:
    first = components([[1, 0, 0], [0, 0.5, 0.5]], [[0, 1], [1, 0]])
    turned = components([[0, 0.5, 0.5], [1, 0, 0]], [[1, 0], [0, 1]])
    apart = components([[0, 0.5, 0.5], [1, 0, 0]], [[0, 1], [1, 0]])
    assert matched_overlap(first, turned) == 1
    # Either the queries' regions fit or the references'.
    assert matched_overlap(first, apart) == 0.5
    # What is negative is no region, and a component without a counterpart shares nothing.
    signed = components([[2, 0, -1], [0, 3, 3]], [[-1, 4], [1, 0]])
    assert matched_overlap(first, signed) == 1
    assert matched_overlap(first, components([[1, 0, 0]], [[0, 1]])) == 0.5


def test_maps_that_rank_alike_agree_and_a_constant_one_does_not() -> None:
    map_c = np.array([1.0, 2.0, 5.0])
    assert rank_correlation(map_c, map_c**3) == pytest.approx(1)
    assert rank_correlation(map_c, -map_c) == pytest.approx(-1)
    assert rank_correlation(map_c, np.ones(3)) == 0


def test_figures_are_means_and_differences_of_the_pairs_that_have_both() -> None:
    figures = Figures(np.array([0, 0, 1, 2]), Resampling(0, 100))
    for row, value in enumerate((0.1, 0.3, 0.2)):
        figures.add(row, ("one",), value)
    for row in (1, 2, 3):
        figures.add(row, ("other",), 0.05)
    assert figures.cell(("one",)).startswith("20.0 [")
    assert figures.cell(("none",)) == "–"
    line = figures.differences({"one − other": (("one",), ("other",))}).splitlines()[-1]
    assert line.startswith("| one − other | +20.0 [")
    assert line.endswith("| 2 |")


def test_fewer_masks_share_the_passes_of_more(run: Run) -> None:
    few, many, cells, balanced = Design(masks=20), Design(masks=40), Design(masks=30, cells=7), Design(masks=40, seed=1)
    found, passes = effects_of_images(run, [few, many, cells, balanced])
    assert passes == (40 + 40) * len(run.image_ids())
    for design in (few, many, cells, balanced):
        for image in run.image_ids()[:2]:
            assert run.conditions_of_images()[image] == [None]
            masks = query_masks(design.spec, run.size_px)
            embeddings_nd = embed_perturbations(run.scorer, run.images.of(image), masks).numpy()
            wanted = CellEffects(design.spec, run.size_px, design.cells).of(embeddings_nd)
            np.testing.assert_allclose(found[design][image, None], wanted, atol=1e-6)
    first = (run.image_ids()[0], None)
    assert not np.allclose(found[many][first], found[balanced][first], atol=1e-4)


def test_ways_of_explaining_are_measured_on_every_pair(run: Run) -> None:
    explainers = Explainers(run, [20, 64])
    figures = measure(run, explainers)
    ours = figures.values((way_name(explainers.full), "first", "reference", "row", "auroc"))
    assert np.isfinite(ours).all()
    assert ((ours >= 0) & (ours <= 1)).all()
    # Nothing that masks show of a cause is better than its own pixels shown by as many masks.
    best = figures.values(("best possible", "first", "reference", "one_sided", "auroc"))
    assert best.mean() > max(ours.mean(), 0.9)
    for table in (maps_table(figures, explainers.full, "auroc"), components_table(figures, explainers.full, "auroc")):
        assert "nan" not in table.split("second")[0]
    assert len(designs_table(figures, explainers).splitlines()) == 2 + 2 + 2 + 1 + 2 + 2


def test_the_best_possible_map_lies_where_the_cause_is(run: Run) -> None:
    explainers = Explainers(run, [64])
    place_hw = np.zeros((run.size_px, run.size_px), dtype=bool)
    place_hw[: run.size_px // 4, : run.size_px // 4] = True
    found_hw = on_pixels(explainers.best_possible([place_hw]), run.size_px)
    assert map_auroc(found_hw, place_hw) > 0.95
    # In the far corner there is nothing but the noise of few masks.
    assert map_auroc(found_hw, place_hw[::-1, ::-1]) < 0.7


def test_the_control_by_place_pairs_each_cell_with_itself(run: Run) -> None:
    match = Explainers(run, [20]).by_place()
    np.testing.assert_array_equal(match.joint_uv.argmax(axis=1), np.arange(len(match.joint_uv)))
    found = match.joint_uv[0].reshape(14, 14)
    assert found[0, 2] == found[2, 0] == pytest.approx(np.exp(-0.5))


def test_falls_are_measured_of_any_pair(finished: FinishedRun, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(finished.settings(EPOCH), queries=2, references=2, with_causes=False)
    maps = both_sided_deletion.PairsOfMaps(run, Design(masks=20))
    figures = both_sided_deletion.measure(run, maps, (127, 127, 127))
    for which in ("both", "query", "reference"):
        falls = [figures.values((which, "centre", share)) for share in ("5%", "10%", "20%", "40%")]
        np.testing.assert_allclose(figures.values((which, "centre", "mean")), np.mean(falls, axis=0))
        joint = figures.values((which, "joint", "mean"))
        assert not np.allclose(joint, figures.values((which, "random", "mean")))
        filled_in = both_sided_deletion.measure(run, maps, None)
        assert not np.allclose(joint, filled_in.values((which, "joint", "mean")))
    assert len(run.pairs) == 4
    both_sided_deletion.print_tables(figures)
    printed = capsys.readouterr().out.splitlines()
    assert len([line for line in printed if line.startswith("|")]) == 2 + 6 + 2 + 3 * 8


def test_the_agreed_map_is_high_where_both_are_and_keeps_the_sign_of_the_score() -> None:
    found = agreed_map(np.array([4.0, 4.0, 0.0, 1.0]), np.array([9.0, -9.0, 5.0, 4.0]))
    np.testing.assert_allclose(found, [6, -6, 0, 2])


def test_seeds_of_masks_agree_more_with_more_masks(finished: FinishedRun) -> None:
    run = Run(finished.settings(EPOCH), queries=2, references=2, with_causes=False)
    of_seeds = SeedPairs(run, [20, 200])
    figures = stability_of(run, of_seeds)
    for what in ("joint", "one-sided"):
        few, many = (figures.values(("papers", count, what)).mean() for count in ("20", "200"))
        assert few < many < 1
    assert len(agreements_table(figures, of_seeds.designs).splitlines()) == 2 + 4


def test_pairs_lose_their_score_under_their_condition(tmp_path_factory: pytest.TempPathFactory) -> None:
    outfits = FinishedRun(write_outfit_config(tmp_path_factory.mktemp("outfits")))
    outfits.run(until="similarities.test")
    outfits.run(until="vocabulary")
    run = Run(outfits.settings(), queries=3, references=2, with_causes=False)
    pair = run.pairs[0]
    mask_d = run.conditions.mask_of(pair.condition)
    assert mask_d is not None
    masked_2d = run.scorer.embed(np.stack([run.images.of(pair.query), run.images.of(pair.reference)])) * mask_d
    score = masked_2d[0] @ masked_2d[1] / np.linalg.norm(masked_2d[0]) / np.linalg.norm(masked_2d[1])
    figures = both_sided_deletion.measure(run, both_sided_deletion.PairsOfMaps(run, Design(masks=20)), (127, 127, 127))
    assert figures.values(("full score",))[0] == pytest.approx(score, abs=1e-5)
    query_d, reference_d = run.embeddings_of(pair)
    assert query_d @ reference_d == pytest.approx(score, abs=1e-3)
    # An image that is compared under several conditions is passed once.
    _, passes = effects_of_images(run, [Design(masks=20)])
    assert passes == 20 * len(run.image_ids())
    assert max(len(conditions) for conditions in run.conditions_of_images().values()) > 1


def test_a_run_without_true_effects_is_named(finished: FinishedRun) -> None:
    with pytest.raises(SystemExit, match=r"not current: .*true_effects\.test"):
        Run(finished.settings(EPOCH, "dataset.drivers=colour"), queries=2, references=2, with_causes=True)
