"""Measurements that are made up and counted, in place of those of this device."""

import pytest

from flows.auto_compute import measure
from flows.settings.configuration import Settings
from pipeline.errors import BadModel
from pipeline.evaluation.precision.verdict import Agreement, MapDifference
from pipeline.similarity.batch_choice import BatchChoice

NOISE = MapDifference(0.1, 0.3, 0.05, 0.05)


class FakeMeasures:
    """A device on which bfloat16 is so many times as fast, and changes such a share of the seeds' noise."""

    def __init__(self, speedup: float = 2.0, share: float = 0.1, fails: bool = False) -> None:
        self.speedup = speedup
        self.share = share
        self.fails = fails
        self.done: list[str] = []

    def install(self, monkeypatch: pytest.MonkeyPatch) -> "FakeMeasures":
        monkeypatch.setattr(measure, "measure_batches", self.batches)
        monkeypatch.setattr(measure, "measure_rate", self.rate)
        monkeypatch.setattr(measure, "measure_agreement", self.agreement)
        return self

    def batches(self, settings: Settings, precision: str) -> BatchChoice:
        self.done.append(f"batches {precision}")
        size = 64 if precision == "float32" else 32
        return BatchChoice(size, {size: self._rate(precision), 8: 1.0})

    def rate(self, settings: Settings, precision: str, batch_size: int) -> BatchChoice:
        self.done.append(f"rate {precision} {batch_size}")
        return BatchChoice(batch_size, {batch_size: self._rate(precision)})

    def agreement(self, settings: Settings, batch_sizes: dict[str, int]) -> Agreement:
        self.done.append(f"agreement {batch_sizes['float32']} {batch_sizes['bfloat16']}")
        if self.fails:
            raise BadModel(expected="vectors", found="3 embeddings that are NaN", where="the model", remedy="check it")
        reduced = MapDifference(*(self.share * value for value in (0.1, 0.3, 0.05, 0.05)))
        return Agreement(reduced, NOISE, 16)

    def _rate(self, precision: str) -> float:
        return 100.0 if precision == "float32" else 100.0 * self.speedup
