"""Seconds: where they come from, that they add up and divide; never how fast this machine is."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from flows.configured_runs import ConfiguredRun
from flows.costs.calibration import (
    calibration_file,
    calibration_key,
    keep_calibration,
    read_calibration,
)
from flows.costs.estimate import elapsed, remaining_extents
from flows.costs.measure import measure
from flows.costs.rates import Calibration
from flows.costs.stopwatch import Stopwatch
from flows.stages.facts import Facts
from stores.location import Location
from tests.end_to_end.test_second_run import run_commands
from tests.flows.costs.test_counts import costs_of
from tests.flows.run_cases import FinishedRun, as_options, invoke

SECONDS = Calibration(0.01, 0.04, 0.008, 0.03, 0.002, 0.02, 0.001, 5.0)
CHANGE = ("saliency.rise.masks=25",)


def keep(run: FinishedRun, seconds: Calibration) -> Path:
    settings = run.settings()
    key = calibration_key(settings, 26)
    place = calibration_file(Location.parse(settings.store.root), key)
    keep_calibration(place, key, seconds)
    return Path(place.path)


@pytest.mark.parametrize(("workers", "expected"), [(1, 10.0), (2, 6.0), (3, 4.0), (5, 2.0), (50, 2.0)])
def test_shards_divide_among_workers_in_rounds(workers: int, expected: float) -> None:
    assert elapsed([2.0] * 5, workers) == pytest.approx(expected)


def test_a_single_shard_does_not_divide() -> None:
    assert elapsed([7.0], 8) == 7.0
    assert elapsed([], 8) == 0.0


def test_a_calibration_is_kept_and_a_damaged_one_measured_again(run_copy: FinishedRun) -> None:
    file = keep(run_copy, SECONDS)
    place = Location.parse(str(file))
    assert read_calibration(place) == SECONDS
    assert json.loads(file.read_text())["key"]["image_size_px"] == 32
    good = file.read_text()
    for damaged in (good[:40], "{}", good.replace("0.01", '"fast"'), good.replace("0.01", "-1"), "[1]", "[" * 99_999):
        file.write_text(damaged)
        assert read_calibration(place) is None, damaged
    file.unlink()
    assert read_calibration(place) is None


@pytest.mark.parametrize(
    "change",
    [
        "compute.batch_size=7",
        "compute.threads=2",
        "dataset.image_size_px=48",
        "similarity_model.network=resnet18",
    ],
)
def test_what_matters_to_seconds_is_in_their_key(finished_run: FinishedRun, change: str) -> None:
    assert calibration_key(finished_run.settings(change), 26) != calibration_key(finished_run.settings(), 26)


def test_what_does_not_matter_is_not(finished_run: FinishedRun) -> None:
    others = finished_run.settings("saliency.rise.masks=99", "pairs.test=5", "store.root=elsewhere", "seed=3")
    assert calibration_key(others, 26) == calibration_key(finished_run.settings(), 26)


def test_a_kept_calibration_is_used_without_torch(run_copy: FinishedRun) -> None:
    keep(run_copy, SECONDS)
    words = ["plan", str(run_copy.config), "--format", "json", *as_options(CHANGE)]
    text, modules, _ = run_commands(words)
    assert "torch" not in modules
    rows = {row["stage"]: row for row in json.loads(text)}
    maps = rows["saliency_maps.test.rise.fixed"]
    assert maps["forward_passes"] == 15 * 25
    assert maps["start_up_seconds"] == SECONDS.start_up
    least = 375 * SECONDS.forward_image + 5 * SECONDS.written_shard
    assert least < maps["seconds"] < least + 1


def test_without_calibration_neither_torch_nor_seconds(run_copy: FinishedRun) -> None:
    keep(run_copy, SECONDS)
    text, modules, _ = run_commands(
        ["plan", str(run_copy.config), "--no-calibrate", "--format", "json", *as_options(CHANGE)]
    )
    assert "torch" not in modules
    rows = {row["stage"]: row for row in json.loads(text)}
    assert rows["saliency_maps.test.rise.fixed"]["seconds"] is None
    # What an earlier run took is known all the same.
    assert rows["metrics"]["seconds"] == pytest.approx(run_copy.manifest("metrics").seconds)


def test_seconds_grow_with_the_work_and_shrink_with_workers(run_copy: FinishedRun) -> None:
    keep(run_copy, SECONDS)
    name = "saliency_maps.test.rise.fixed"
    once, twice = (
        costs_of(run_copy.settings("store.root=store", f"saliency.rise.masks={masks}"), "cached")[name].seconds or 0
        for masks in (100, 200)
    )
    more = 15 * 100 * SECONDS.forward_image
    assert twice - once == pytest.approx(more)
    shared = costs_of(run_copy.settings("saliency.rise.masks=100"), "cached", workers=3)[name].seconds
    assert shared == pytest.approx(once * 2 / 5)
    slower = replace(SECONDS, forward_image=2 * SECONDS.forward_image)
    keep(run_copy, slower)
    assert (costs_of(run_copy.settings("saliency.rise.masks=100"), "cached")[name].seconds or 0) > once


def test_a_missing_calibration_is_measured_once_and_says_so(run_copy: FinishedRun) -> None:
    words = ("plan", run_copy.config, "--format", "json", *as_options(CHANGE))
    first = invoke(*words)
    assert "calibrating this device once" in first.stderr
    kept = list((run_copy.store / "calibration").iterdir())
    assert len(kept) == 1
    seconds = read_calibration(Location.parse(str(kept[0])))
    assert seconds is not None
    # Torch is loaded in this process, so that its loading cannot be measured.
    assert seconds.start_up is None
    assert all(value > 0 for name, value in asdict(seconds).items() if name != "start_up")
    # Forward and backward cost more than forward alone.
    assert seconds.gradient_image > seconds.forward_image
    second = invoke(*words)
    assert second.stderr == ""
    assert second.stdout == first.stdout
    assert "calibrating" in invoke(*words, "--calibrate").stderr


def test_a_stopwatch_of_cpu_time_does_not_count_waiting() -> None:
    import time

    waiting, wall = (Stopwatch(cpu_time, budget=0.0).median(lambda: time.sleep(0.05)) for cpu_time in (True, False))
    assert waiting < 0.02 < 0.05 <= wall


def test_a_stage_whose_time_is_not_known_is_named(finished_run: FinishedRun) -> None:
    text = invoke("plan", finished_run.config, "--no-calibrate", "--set", "store.root=elsewhere").stdout
    assert "no time for vocabulary, images" in text
    total = next(line for line in text.splitlines() if line.startswith("│ total"))
    planned = invoke("plan", finished_run.config, "--no-calibrate", "--format", "json", "--set", "store.root=elsewhere")
    passes = sum(row["forward_passes"] for row in json.loads(planned.stdout))
    assert f"≤ {passes / 1000:.1f} k" in total
    assert "?" in total


GRADIENTS = 'saliency.generators=["rise","mask","similarity_attention","grad_cam"]'


def test_gradients_are_priced_by_images_forward_and_backward(run_copy: FinishedRun) -> None:
    changes = (GRADIENTS, "saliency.mask.iterations=7", 'saliency.mask.modes=["fixed"]')
    place = calibration_file(
        Location.parse(run_copy.settings().store.root), calibration_key(run_copy.settings(*changes), 26)
    )
    keep_calibration(place, {}, SECONDS)
    rows = costs_of(run_copy.settings(*changes), "cached")
    for stage, fewest in (
        ("saliency_maps.test.mask.fixed", 7 * 15),
        ("saliency_maps.test.grad_cam.fixed", 15),
        ("saliency_maps.test.similarity_attention.triplet", 15),
    ):
        found = rows[stage]
        assert found.training_passes >= fewest, stage
        least = found.training_passes * SECONDS.gradient_image
        assert least < (found.seconds or 0) < least + 1, stage


def test_all_rates_are_measured_and_positive(run_copy: FinishedRun) -> None:
    settings = run_copy.settings("compute.threads=1", "compute.batch_size=8")
    run = ConfiguredRun(settings)
    measured = measure(settings, Facts(run.plans(), run.store))
    for name, seconds in asdict(measured).items():
        assert seconds is None if name == "start_up" else seconds > 0, name
    assert not list((run_copy.store / "calibration").glob("trial-*"))


def test_every_rate_that_a_stage_names_is_measured(finished_run: FinishedRun) -> None:
    run = ConfiguredRun(finished_run.settings("store.root=elsewhere", GRADIENTS))
    plans = run.plans()
    facts = Facts(plans, run.store)
    named = {
        rate
        for plan in plans
        if plan.stage.costs is not None
        for extent in remaining_extents(plan, facts)
        for rate in plan.stage.costs.work(plan.stage, extent, facts).rates
    }
    assert named >= {"forward_image", "gradient_image", "attribute_gradient_image", "prepared_image", "read_part"}
    assert named <= set(asdict(SECONDS))
