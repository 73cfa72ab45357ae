"""The comparison with peers runs without them, names them, and its own procedures do what they say."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
import torch

from benchmarks.peers import installed, papers_procedure
from benchmarks.peers.agreement import SAME, agree, compare_maps
from benchmarks.peers.comparison import Comparison, Contender, Goal
from benchmarks.peers.run import main
from benchmarks.peers.timing import measure
from benchmarks.peers.workbench import Workbench, build_workbench
from benchmarks.perturbation_speed import Case
from pipeline.saliency.learned_mask.declaration import MaskSpec
from pipeline.saliency.learned_mask.maps import build_learned_mask
from pipeline.saliency.sliding_window.declaration import SlidingWindowSpec
from pipeline.saliency.sliding_window.geometry import AUTHORS_CODE
from pipeline.saliency.sliding_window.maps import build_sliding_window

TOY = {
    "networks": "small_residual",
    "repetitions": "1",
    "masks": "4",
    "both-masks": "8",
    "windows-per-side": "11",
    "samples": "12",
    "pairs": "2",
    "pairs-alone": "1",
    "iterations": "1",
    "agreement-masks": "20",
}
SMALL = Case("small_residual", 64, 50)


@pytest.fixture
def without_peers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No peer can be found; threads are put back as they were."""
    threads, cv2_threads = torch.get_num_threads(), cv2.getNumThreads()
    monkeypatch.setattr(installed, "find_spec", lambda _module: None)
    yield
    torch.set_num_threads(threads)
    cv2.setNumThreads(cv2_threads)


def plain_without_gradients(bench: Workbench) -> torch.nn.Module:
    return bench.plain.requires_grad_(False)


@pytest.mark.usefixtures("without_peers")
def test_missing_peers_are_named_and_the_rest_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([part for name, value in TOY.items() for part in (f"--{name}", value)]) == 0
    printed = capsys.readouterr()
    for peer in installed.PEERS.values():
        assert f"{peer} IS NOT INSTALLED" in printed.err
        assert f"| {peer} " not in printed.out
    assert installed.REMEDY in printed.err
    for row in (
        "| original RISE | 20 |",
        "| authors' procedure | 121 |",
        "| authors' procedure, pairs one by one | 5 |",
    ):
        assert row in printed.out
    assert printed.out.count("goal") == 10


@pytest.mark.usefixtures("without_peers")
def test_original_rise_differs_by_its_definition_alone() -> None:
    published, redefined = compare_maps(build_workbench(SMALL), masks=60, per_side=12, samples=30)[:2]
    assert redefined.differs == SAME
    assert redefined.rank_correlation > 0.9999
    assert redefined.largest_difference < 1e-3
    assert published.rank_correlation < 0.9


def test_other_maps_do_not_agree() -> None:
    maps_khw = np.random.default_rng(0).random((2, 8, 8))
    assert agree("peer", "all", 3 * maps_khw, maps_khw).largest_difference < 1e-12
    turned = agree("peer", "all", maps_khw[:, ::-1], maps_khw)
    assert turned.rank_correlation < 0.5
    assert turned.largest_difference > 0.5
    constant = agree("peer", "all", np.zeros((2, 8, 8)), np.zeros((2, 8, 8)))
    assert np.isnan(constant.rank_correlation)


def test_the_authors_windows_give_our_map_in_their_geometry() -> None:
    bench = build_workbench(Case("small_residual", 112, 50))
    spec = SlidingWindowSpec(geometry=AUTHORS_CODE)
    ours = build_sliding_window(spec, bench.scorer, 112)([bench.request(1)])[0].display_khw[0]
    theirs = papers_procedure.sliding_window(bench.plain, bench.query_chw, bench.reference_images_kchw[0], 25, 50)
    np.testing.assert_allclose(theirs, ours, atol=1e-5)
    assert np.ptp(ours) > 1e-2
    assert np.abs(theirs.T - ours).max() > 1e-2


def test_the_authors_mask_takes_our_steps_where_there_is_no_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(papers_procedure, "NOISE_DEVIATION", 0.0)
    bench = build_workbench(SMALL)
    spec = MaskSpec(iterations=4, noise_deviation=0.0)
    ours = build_learned_mask(spec, "fixed", bench.scorer)([bench.request(1)])[0].display_khw[0]
    network = plain_without_gradients(bench)
    reference_chw = bench.reference_images_kchw[0]
    theirs = papers_procedure.mask(network, bench.pixels_khwc[0], reference_chw, iterations=4)
    np.testing.assert_allclose(theirs, ours, atol=1e-3)
    fewer = papers_procedure.mask(network, bench.pixels_khwc[0], reference_chw, iterations=3)
    assert np.abs(fewer - ours).max() > 1e-2


def test_goals_are_missed_on_the_wrong_side() -> None:
    below = Goal("ratio", lambda seconds: seconds["ours"] / seconds["bare"], 1.1)
    above = Goal("ratio", lambda seconds: seconds["theirs"] / seconds["ours"], 5, is_upper=False)
    seconds = {"bare": 1.0, "ours": 1.05, "theirs": 5.0}
    assert below.is_reached(seconds)
    assert not above.is_reached(seconds)
    assert not below.is_reached({**seconds, "ours": 1.2})
    assert above.is_reached({**seconds, "theirs": 6.0})


def test_time_is_counted_per_pass() -> None:
    def work() -> None:
        sum(range(1_000_000))

    contenders = (Contender("once", work, 1), Contender("as ten", work, 10))
    seconds = measure(Comparison("work", contenders).contenders, repetitions=3)
    assert 4 < seconds["once"] / seconds["as ten"] < 25


@pytest.mark.skipif(not all(map(installed.is_installed, installed.PEERS)), reason=f"peers: {installed.REMEDY}")
@pytest.mark.filterwarnings("ignore")
def test_peers_that_have_what_we_have_make_our_maps() -> None:
    found = compare_maps(build_workbench(SMALL), masks=60, per_side=12, samples=60)
    alike = [agreement for agreement in found if agreement.differs == SAME]
    assert len(alike) == 8
    for agreement in alike:
        assert agreement.rank_correlation > 0.999, agreement
        assert agreement.largest_difference < 1e-3, agreement
