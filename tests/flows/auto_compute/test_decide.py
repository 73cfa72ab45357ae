"""A precision and a batch size are decided once for a model and a device, and then are as if the file had said so."""

import json
from pathlib import Path

import pytest

from flows.auto_compute.decide import Runs, decided
from flows.auto_compute.kept import batch_key, precision_key
from flows.auto_compute.resolve import kept_precision, resolved
from flows.configured_runs import configured_runs, has_work
from flows.engine import hardware
from flows.engine.errors import BadRequest
from flows.engine.plan_graph import plan_stages
from flows.settings.asked_run import AskedRun
from flows.settings.configuration import Settings
from flows.stages.graph import build_stages
from pipeline.errors import BadSetting
from stores.artifacts import ArtifactStore
from stores.errors import ReadOnlyStore
from stores.location import Location
from tests.flows.auto_compute.fake_measures import FakeMeasures
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun

AUTO = ("compute.precision=auto", "compute.batch_size=auto")
ALL_MEASURED = ["batches float32", "batches bfloat16", "rate float32 64", "rate bfloat16 32", "agreement 64 32"]


class NotedRuns:
    """Notes the requests that a decision needed first; they are done already."""

    def __init__(self) -> None:
        self.asked: list[AskedRun] = []

    def __call__(self, request: AskedRun) -> None:
        self.asked.append(request)


def decide(settings: Settings, **request: object) -> tuple[AskedRun, NotedRuns, list[str]]:
    runs, told = NotedRuns(), list[str]()
    found = decided(AskedRun(settings, **request), Runs(runs, has_work), told.append)  # type: ignore[arg-type]
    return found, runs, told


def fingerprints(settings: Settings) -> dict[str, str | None]:
    plans = plan_stages(build_stages(settings), ArtifactStore(settings.store.root))
    return {plan.stage.name: plan.fingerprint for plan in plans}


def kept_files(run: FinishedRun) -> list[Path]:
    return sorted((run.store / "calibration").iterdir())


def test_both_are_decided_and_told(run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    device = FakeMeasures().install(monkeypatch)
    found, runs, told = decide(run_copy.settings(*AUTO))
    assert device.done == ALL_MEASURED
    assert (found.settings.compute.precision, found.settings.compute.batch_size) == ("bfloat16", 32)
    assert [(one.until, one.settings.compute.precision) for one in runs.asked] == [("similarity_model", "float32")]
    assert any("'auto' is bfloat16: it is 2.00 times as fast" in line and "error 0.10" in line for line in told)
    assert any("compute.batch_size = 'auto' is 32" in line for line in told)


def test_a_kept_decision_is_read_and_nothing_measured(run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeMeasures().install(monkeypatch)
    first, _, _ = decide(run_copy.settings(*AUTO))
    # By now the device has changed its mind, and is not asked.
    device = FakeMeasures(speedup=0.5).install(monkeypatch)
    second, runs, told = decide(run_copy.settings(*AUTO))
    assert (device.done, runs.asked) == ([], [])
    assert second.settings == first.settings == resolved(run_copy.settings(*AUTO))
    assert len(told) == 2
    precision = [json.loads(file.read_text()) for file in kept_files(run_copy) if file.name.startswith("precision-")]
    assert precision[0]["decision"]["figures"]["images_per_second"] == {"float32": 100.0, "bfloat16": 200.0}


@pytest.mark.parametrize(
    "change",
    ["compute.threads=2", "dataset.image_size_px=48", "similarity_model.epochs=3", "seed=1", "saliency.rise.masks=25"],
)
def test_a_decision_is_for_one_model_and_one_way_of_making_maps(
    run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    FakeMeasures().install(monkeypatch)
    decide(run_copy.settings(*AUTO))
    assert kept_precision(run_copy.settings(*AUTO)) is not None
    assert kept_precision(run_copy.settings(*AUTO, change)) is None


def test_another_device_or_network_is_measured_and_what_does_not_matter_is_not(
    run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = FakeMeasures().install(monkeypatch)
    decide(run_copy.settings(*AUTO))
    decide(run_copy.settings(*AUTO, "pairs.test=5", "evaluation.bootstrap_samples=200", "saliency.lime.samples=50"))
    assert device.done == ALL_MEASURED
    plain, other = run_copy.settings(*AUTO), run_copy.settings(*AUTO, "similarity_model.network=resnet18")
    assert batch_key(plain, "float32") != batch_key(other, "float32") != batch_key(other, "bfloat16")
    # Weights are all the same to a batch.
    assert batch_key(plain, "float32") == batch_key(run_copy.settings(*AUTO, "similarity_model.epochs=3"), "float32")
    monkeypatch.setattr(hardware, "processor_name", lambda: "another processor")
    decide(run_copy.settings(*AUTO))
    assert device.done == 2 * ALL_MEASURED


def test_what_is_decided_shares_its_results_with_what_is_said(
    run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeMeasures().install(monkeypatch)
    found, _, _ = decide(run_copy.settings("compute.precision=auto"))
    assert fingerprints(found.settings) == fingerprints(run_copy.settings("compute.precision=bfloat16"))
    assert fingerprints(found.settings) != fingerprints(run_copy.settings())
    FakeMeasures(speedup=1.0).install(monkeypatch)
    # Another batch size is no reason to decide again, another processor is.
    assert (
        decide(run_copy.settings("compute.precision=auto", "compute.batch_size=7"))[0].settings.compute.batch_size == 7
    )
    assert fingerprints(resolved(run_copy.settings("compute.precision=auto"))) == fingerprints(found.settings)
    monkeypatch.setattr(hardware, "processor_name", lambda: "a slow one")
    slow, _, _ = decide(run_copy.settings("compute.precision=auto"))
    # The whole float32 run is there, so that nothing is left to do.
    assert len(configured_runs(slow.settings)[0].current().manifests) == run_copy.stage_count


@pytest.mark.parametrize(
    ("device", "measured", "reason"),
    [
        (FakeMeasures(speedup=1.2), ["rate float32 100", "rate bfloat16 100"], "1.20 times as fast"),
        (FakeMeasures(share=0.6), ["rate float32 100", "rate bfloat16 100", "agreement 100 100"], "error 0.60"),
        (FakeMeasures(fails=True), ["rate float32 100", "rate bfloat16 100", "agreement 100 100"], "3 embeddings"),
    ],
)
def test_where_it_does_not_pay_float32_stays(
    run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch, device: FakeMeasures, measured: list[str], reason: str
) -> None:
    device.done.clear()
    device.install(monkeypatch)
    found, _, told = decide(run_copy.settings("compute.precision=auto"))
    assert (found.settings.compute.precision, found.settings.compute.batch_size) == ("float32", 100)
    assert device.done == measured
    assert any("is float32: " in line and reason in line for line in told)


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        ("precision", ('"bfloat16",\n    "reason"', '"float8",\n    "reason"')),
        ("precision", ('"reason": "', '"reasons": "')),
        ("batch", ('"batch_size": ', '"batch_size": -')),
        ("batch", ('"batch_size": ', '"batch_size": 0.')),
        ("batch", ("{", "")),
        ("batch", ("{", '{"nested": ' + "[" * 99_999)),
        ("batch", ('"images_per_second": {', '"images_per_second": {"many": 1.0, ')),
    ],
)
def test_a_damaged_decision_is_made_again(
    run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch, kind: str, damage: tuple[str, str]
) -> None:
    device = FakeMeasures().install(monkeypatch)
    first, _, _ = decide(run_copy.settings(*AUTO))
    for file in kept_files(run_copy):
        if file.name.startswith(kind):
            good = file.read_text()
            file.write_text(good.replace(*damage))
            assert file.read_text() != good
    device.done.clear()
    second, _, _ = decide(run_copy.settings(*AUTO))
    assert device.done == (ALL_MEASURED[2:] if kind == "precision" else ["batches bfloat16"])
    assert second.settings == first.settings
    device.done.clear()
    decide(run_copy.settings(*AUTO))
    assert device.done == []


def test_the_first_decision_stays_whoever_comes_later(run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    device = FakeMeasures().install(monkeypatch)
    agree = device.agreement
    settings = run_copy.settings("compute.precision=auto")

    def overtaken(asked: Settings, batch_sizes: dict[str, int]) -> object:
        # Another run decides while this one still compares maps.
        FakeMeasures(speedup=1.0).install(monkeypatch)
        assert decide(settings)[0].settings.compute.precision == "float32"
        return agree(asked, batch_sizes)

    monkeypatch.setattr("flows.auto_compute.measure.measure_agreement", overtaken)
    assert decide(settings)[0].settings.compute.precision == "float32"


def test_a_store_that_cannot_be_written_is_told_of(run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeMeasures().install(monkeypatch)

    def refuse(self: Location, data: bytes) -> bool:
        raise ReadOnlyStore(expected="a writable place", found="read-only", where=self.url, remedy="make it writable")

    monkeypatch.setattr(Location, "create_bytes", refuse)
    found, _, told = decide(run_copy.settings(*AUTO))
    assert found.settings.compute.precision == "bfloat16"
    assert "this decision could not be kept: read-only" in told


def test_a_flow_run_is_told_the_same(run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeMeasures().install(monkeypatch)
    found, _, _ = decide(run_copy.settings(*AUTO), overrides=AUTO)
    assert run_copy.settings(*found.overrides).compute == found.settings.compute


def test_what_is_forced_on_the_way_is_forced_once(run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeMeasures().install(monkeypatch)
    found, runs, _ = decide(run_copy.settings(*AUTO), force=("images", "metrics"), adopt=("embeddings",), name="kept")
    assert [(one.force, one.adopt, one.name) for one in runs.asked] == [(("images",), (), "")]
    assert (found.force, found.adopt, found.name) == (("metrics",), ("embeddings",), "kept")


def test_a_model_from_a_file_waits_for_images_as_well(run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeMeasures().install(monkeypatch)
    # Its digest is all that a plan asks for.
    (run_copy.config.parent / "here.pt").write_bytes(b"weights")
    _, runs, _ = decide(run_copy.settings(*AUTO, "similarity_model.weights=here.pt"), force=("images",))
    assert [(one.until, one.force) for one in runs.asked] == [("images", ("images",)), ("similarity_model", ())]


def test_before_the_first_pass_nothing_is_decided(run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    device = FakeMeasures().install(monkeypatch)
    found, runs, told = decide(run_copy.settings(*AUTO), until="similarity_model")
    assert (device.done, runs.asked) == ([], [])
    assert found.settings.compute.precision == "float32"
    assert len(told) == 1
    assert "not decided yet" in told[0]


def test_no_batch_is_timed_for_a_run_that_does_nothing(run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    device = FakeMeasures().install(monkeypatch)
    found, _, _ = decide(run_copy.settings("compute.batch_size=auto"))
    assert (device.done, found.settings.compute.batch_size) == ([], 100)
    busy, _, _ = decide(run_copy.settings("compute.batch_size=auto", "saliency.rise.masks=25"))
    assert (device.done, busy.settings.compute.batch_size) == (["batches float32"], 64)


@pytest.mark.parametrize("key", AUTO)
def test_workers_that_this_machine_cannot_measure_need_a_given_value(tmp_path: Path, key: str) -> None:
    run = FinishedRun(write_config(tmp_path))
    away = "compute.dask_address=tcp://elsewhere:8786"
    with pytest.raises(BadSetting, match="elsewhere"):
        decide(run.settings(key, away))
    given, runs, _ = decide(run.settings(away))
    assert (given.settings, runs.asked) == (run.settings(away), [])


def test_no_key_ever_holds_auto(tmp_path: Path) -> None:
    settings = FinishedRun(write_config(tmp_path)).settings("compute.precision=auto")
    with pytest.raises(BadSetting, match="one that was decided"):
        build_stages(settings)


def test_unknown_stages_are_refused_before_anything_is_done(tmp_path: Path) -> None:
    settings = FinishedRun(write_config(tmp_path)).settings(*AUTO)
    with pytest.raises(BadRequest, match="a stage instance"):
        decide(settings, force=("image",))


def test_keys_say_what_they_are_of(run_copy: FinishedRun) -> None:
    key = precision_key(run_copy.settings(*AUTO), "0" * 64)
    assert {"hardware", "threads", "torch", "image_size_px", "model", "rise", "limits"} <= set(key)
