"""What makes the difference: one thing at a time changed in a base run, each row measured on the same pairs.

    python -m benchmarks.ablation CONFIG [--rows NAME ...] [--set key=value ...]

Runs what is not in the store yet: the base run, and for a row no more than what its change reaches, at most the
training of the attribute models. The rows are in `ablation_rows.py`.
All rows are measured with the base run's replacements, and on rendered items with its true effects, so that a row can
differ by what it names alone. Differences are from the row named after the minus, on the same pairs, p-values after
Holm over all rows of a measure; those of mAP resample attributes, whole factors at a time. A second table is of the
measure itself: what K, the number of replacements, does to it.
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ablation_measures import (
    MeasuredWith,
    RowMeasures,
    differences,
    intervals,
    read_measured_with,
    read_row,
)
from benchmarks.ablation_rows import (
    BASE,
    BASE_VARIANTS,
    DEFAULT_REPLACEMENTS,
    MEASURE,
    REPLACEMENTS,
    ROW_VARIANTS,
    ROWS,
    AblationRow,
)
from benchmarks.quiet_runs import run_until
from flows.engine.upstream import Upstream
from flows.readers.replacement_effects import read_replacement_distances, read_replacement_effects
from flows.settings.file import load_settings
from pipeline.evaluation.audit.replacement_rows import MeasuredEffects, replacement_rows
from pipeline.evaluation.bootstrap import Interval, Resampling, clustered_interval
from pipeline.evaluation.comparisons import Difference
from pipeline.evaluation.replacements.removal import removal_measure
from pipeline.report.number_text import p_value_text

UNDEFINED = "-"


@dataclass(frozen=True)
class Base:
    """The configuration that rows start from.

    Attributes:
        config: its file.
        overrides: key=value over it.
    """

    config: Path
    overrides: tuple[str, ...]

    def run(self, overrides: Sequence[str], variants: Sequence[str], until: Sequence[str]) -> Upstream:
        """Run what is not current up to these stages, and return a reader of all that is."""
        asked = ", ".join(f'"{variant}"' for variant in variants)
        own = [f"explanation.variants=[{asked}]", MEASURE, *overrides]
        return run_until(self.config, [*self.overrides, *own], until)


def run_rows(base: Base, rows: Sequence[AblationRow]) -> tuple[MeasuredWith, dict[str, RowMeasures]]:
    """Run every row; return what they are measured with, and their measures by name."""
    settings = load_settings(base.config, base.overrides)
    is_rendered = settings.dataset.declared.is_rendered
    until = ["explanations", "replacements.test", *(["true_effects.test"] if is_rendered else [])]
    base_variants = variants_made(rows)
    of_base = base.run((), base_variants, until)
    measured = read_measured_with(of_base, settings.dataset.declared.shared_unit, is_rendered)
    found = {}
    for row in rows:
        before = time.process_time()
        variants = ROW_VARIANTS if row.overrides else base_variants
        upstream = base.run(row.overrides, ROW_VARIANTS, until[:1]) if row.overrides else of_base
        found[row.name] = read_row(upstream, row, variants, measured)
        print(f"{row.name}: {time.process_time() - before:.0f} CPU seconds", file=sys.stderr, flush=True)
    return measured, found


def variants_made(rows: Sequence[AblationRow]) -> list[str]:
    """Return the variants that the base run has to score for these rows."""
    wanted = {*ROW_VARIANTS, *(row.variant for row in rows)}
    return [variant for variant in BASE_VARIANTS if variant in wanted]


def chosen_rows(names: Sequence[str]) -> list[AblationRow]:
    """Return the rows of these names with all that they are compared with; without names all rows.

    Raises:
        ValueError: there is no such row.
    """
    by_name = {row.name: row for row in ROWS}
    if unknown := sorted(set(names) - set(by_name)):
        raise ValueError(f"no rows {unknown}; there are {list(by_name)}")
    wanted = {BASE, *names, *(by_name[name].against for name in names)} if names else set(by_name)
    return [row for row in ROWS if row.name in wanted]


def ablation_table(
    rows: Sequence[AblationRow], found: Mapping[str, RowMeasures], measured: MeasuredWith, resampling: Resampling
) -> str:
    """Return all rows as Markdown: two lines each, the figures and their differences."""
    compared = differences(rows, found, measured, resampling)
    of_base = intervals(found[BASE], measured, resampling)
    lines = [f"| row | against | {' | '.join(of_base)} |", "| --- " * (len(of_base) + 2) + "|"]
    for row in rows:
        own = of_base if row.name == BASE else intervals(found[row.name], measured, resampling)
        lines.append(f"| {row.name} | | {' | '.join(interval_cell(one) for one in own.values())} |")
        if row.name != BASE:
            cells = [difference_cell(compared[row.name, name]) for name in own]
            lines.append(f"| | − {row.against} | {' | '.join(cells)} |")
    return "\n".join(lines)


def measure_table(base: Base, named_p: np.ndarray, measured: MeasuredWith, resampling: Resampling) -> str:
    """Return what the number of replacements does to the matched effect of naming the same (pair,), as Markdown."""
    heads = ["K", "matched effect of the base row's answers", "undefined pairs"]
    heads += ["agreement with the truth", "matched − truth"] if measured.truth is not None else []
    lines = [f"| {' | '.join(heads)} |", "| --- " * len(heads) + "|"]
    for count in REPLACEMENTS:
        overrides = [] if count == DEFAULT_REPLACEMENTS else [f"evaluation.replacements={count}"]
        upstream = base.run(overrides, ROW_VARIANTS, ["replacements.test"])
        change_pa = read_replacement_effects(upstream, "test", "matched", measured.frame)
        drop_p = removal_measure(named_p, change_pa)
        cells = [str(count), interval_cell(_mean(drop_p, measured, resampling)), str(int(np.isnan(drop_p).sum()))]
        if measured.truth is not None:
            effects = MeasuredEffects(
                change_pa, read_replacement_distances(upstream, "test", "matched", measured.frame)
            )
            of_kind = replacement_rows({"matched": effects}, measured.truth, measured.frame.query_p, resampling)
            cells += [_validity_cell(of_kind, "rank_agreement"), _validity_cell(of_kind, "bias")]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _validity_cell(rows: Sequence[Mapping[str, Any]], metric: str) -> str:
    row = next(row for row in rows if row["metric"] == metric)
    return interval_cell(Interval(row["value"], row["ci_low"], row["ci_high"], row["n"], 0))


def _mean(values_p: np.ndarray, measured: MeasuredWith, resampling: Resampling) -> Interval:
    return clustered_interval(values_p, measured.clusters_p, seed=resampling.seed, samples=resampling.samples)


def interval_cell(one: Interval) -> str:
    """Return value and ends x 100."""
    if np.isnan(one.value):
        return UNDEFINED
    return f"{100 * one.value:.1f} [{100 * one.low:.1f}, {100 * one.high:.1f}]"


def difference_cell(one: Difference) -> str:
    """Return a difference x 100 with its ends and p-value; that nothing differs in any pair is said as such."""
    if one.interval.value == one.interval.low == one.interval.high == 0:
        return "0, the same"
    p_text = p_value_text(one.p_value, one.is_bound)
    return f"{interval_cell(one.interval)}, p {p_text if p_text[0] in '<≤' else f'= {p_text}'}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="key=value")
    parser.add_argument("--rows", nargs="+", default=[], metavar="NAME", help="these rows alone, beside the base")
    arguments = parser.parse_args()
    base = Base(arguments.config, tuple(arguments.overrides))
    settings = load_settings(base.config, base.overrides)
    resampling = Resampling(settings.seed, settings.evaluation.bootstrap_samples)
    rows = chosen_rows(arguments.rows)
    measured, found = run_rows(base, rows)
    pairs, n_clusters = len(measured.frame.pair_ids), len(np.unique(measured.clusters_p))
    print(f"{pairs} pairs, {n_clusters} clusters; x 100\n")
    print(ablation_table(rows, found, measured, resampling), end="\n\n")
    print(measure_table(base, found[BASE].named_p, measured, resampling))
    return 0


if __name__ == "__main__":
    sys.exit(main())
