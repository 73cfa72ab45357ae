"""Own maps against those of other pairs: effects counted by hand, and a run that has both."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from benchmarks import own_maps as benchmark
from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from tests.flows.run_cases import FinishedRun
from tests.pipeline.evaluation.broken_copy import broken_copy

IDS = [f"p{number}" for number in range(8)]
PAIRS = MeasuredPairs(IDS, np.arange(8) // 2, Resampling(0, 200))
NAMED = [
    {"pair_id": pair_id, "variant": variant, "attribute": attribute}
    for variant, attribute in (("sane+match", "red"), ("sane+match~shuffled", "blue"), ("classifier", "red"))
    for pair_id in IDS
]
# Of kind matched, a drop is negative; the first query lacks red, the last has no replacement for it.
REPLACED = [
    *({"pair_id": pair_id, "attribute": "red", "effect": -0.3} for pair_id in IDS[1:-1]),
    {"pair_id": IDS[-1], "attribute": "red", "effect": None},
    *({"pair_id": pair_id, "attribute": "blue", "effect": -0.1} for pair_id in IDS),
]


def check_differences(tested: ModuleType = benchmark) -> None:
    effects = tested.matched_effects(NAMED, REPLACED)
    assert effects["sane+match", "p0"] == 0.0
    assert effects["sane+match", "p1"] == 0.3
    assert np.isnan(effects["sane+match", "p7"])
    values = {
        (tested.MATCHED, name): np.array([effects[name, pair_id] for pair_id in IDS])
        for name in ("sane+match", "sane+match~shuffled", "classifier")
    }
    (found,) = tested.compared_variants(PAIRS, values)
    assert (found.variant, found.measure, found.difference.interval.n) == ("sane+match", tested.MATCHED, 7)
    assert found.own == pytest.approx(6 * 0.3 / 7)
    assert found.exchanged == pytest.approx(0.1)
    assert found.difference.interval.value == pytest.approx(6 * 0.3 / 7 - 0.1)
    outcomes = [
        {"variant": "sane+match", "pair_id": "p0", "effect": 0.5, "eligible": True},
        {"variant": "sane+match", "pair_id": "p1", "effect": 0.5, "eligible": False},
    ]
    assert tested.true_effects(outcomes) == {("sane+match", "p0"): 0.5}


def test_effects_are_those_of_what_is_named() -> None:
    check_differences()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('row["attribute"]), 0.0)', 'row["attribute"]), None)'),
        ("0.0 - effect", "0.0 + effect"),
        ("if (measure, name + SHUFFLED) in values", "if name in name"),
        (' if row["eligible"]}', "}"),
    ],
)
def test_a_broken_copy_is_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises((AssertionError, KeyError)):
        check_differences(broken_copy(benchmark, tmp_path, right, wrong))


def test_it_reads_a_run(finished_run: FinishedRun, capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark.main([str(finished_run.config)]) == 0
    lines = capsys.readouterr().out.splitlines()
    variants = {tuple(cell.strip() for cell in line.split("|")[1:3]) for line in lines[2:]}
    matching = ("sane+match", "sane+match+count", "sane+match+tcav")
    assert variants == {(name, measure) for name in matching for measure in ("matched effect", "true effect")}
