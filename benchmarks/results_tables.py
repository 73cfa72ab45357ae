"""The tables of docs/results, in Markdown, from a store that has been run.

python benchmarks/results_tables.py configs/awa2.toml [key=value ...]
"""

import math
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from flows.auto_compute.resolve import resolved
from flows.commands.query import query_tables
from flows.configured_runs import ConfiguredRun
from flows.readers.stage_records import stage_record
from flows.settings.configuration import Settings
from flows.settings.file import load_settings, with_seed
from pipeline.report.generator_names import generator_name, maps_name
from pipeline.report.paper_figures import PAPER_SECONDS, PAPERS
from pipeline.report.runtime_table import SHARED, MapRuntime, map_runtimes

Row = dict[str, Any]

# What the rows of each table are told apart by, and which figures stand in its columns.
TABLES = {
    "similarity_model": (("metric",), ["value"]),
    "saliency_faithfulness": (
        ("generator", "mode"),
        [
            "insertion_auc",
            "deletion_auc",
            "insertion_auc_anchored",
            "deletion_auc_anchored",
            "map_change_with_reference",
            "left_out_anchored",
        ],
    ),
    "saliency_faithfulness_comparison": (
        ("generator", "mode", "compared_with"),
        [
            "insertion_difference",
            "deletion_difference",
            "insertion_difference_anchored",
            "deletion_difference_anchored",
        ],
    ),
    "map_localisation": (
        ("generator", "mode"),
        [
            "auroc",
            "pointing_hit",
            *(
                f"{measure}_difference{regions}"
                for measure in ("auroc", "pointing_hit")
                for regions in ("", "_small_regions", "_medium_regions", "_large_regions")
            ),
            "left_out",
        ],
    ),
    "attribute_recognition": (("variant",), ["map"]),
    "attribute_explanation": (
        ("variant",),
        ["top1_accuracy", "removal", "removal_undefined", "distinct_per_query", "differs_from_classifier"],
    ),
    "attribute_explanation_comparison": (("variant",), ["removal_difference"]),
    "audit_instrument": (("metric",), ["value"]),
    "audit": (("variant",), ["normalised_regret", "hit_at_1", "used", "absent_naming", "skill"]),
    "audit_ranking": (("variant",), ["rank_agreement"]),
    "audit_switching": (("variant",), ["both_hit_when_truths_differ", "unchanged_when_truths_agree"]),
    "audit_replacement": (("variant",), ["rank_agreement", "bias", "distance_slope"]),
    "audit_comparison": (("compared_with",), ["regret_difference"]),
}


def cell(row: Row | None) -> str:
    if row is None or row["value"] is None:
        return "-"
    if row["unit"] in ("count", "correlation") or row["metric"] == "effect_floor":
        return f"{row['value']:.0f}" if float(row["value"]).is_integer() else f"{row['value']:.3g}"
    interval = "" if row["ci_low"] is None else f" [{100 * row['ci_low']:.1f}, {100 * row['ci_high']:.1f}]"
    p_value = "" if row["p_value"] is None else f", {_p_text(row)}"
    return f"{100 * row['value']:.1f}{interval}{p_value}"


def _p_text(row: Row) -> str:
    # At the floor of what the resamples can give, rounded up so that it stays a bound.
    if row.get("p_is_bound") and row["p_value"] < 1:
        return f"p <= {math.ceil(1000 * row['p_value']) / 1000:.3f}"
    return f"p = {row['p_value']:.3f}"


def figure_name(row: Row) -> str:
    return row["metric"] if row["variant"] is None else f"{row['metric']}, {row['variant']}"


def markdown(title: str, rows: list[Row], keys: tuple[str, ...], metrics: list[str]) -> str:
    if keys == ("metric",):
        lines = [["figure", "value", "n"]] + [[figure_name(row), cell(row), str(row["n"])] for row in rows]
    else:
        by_key: dict[tuple[str, ...], dict[str, Row]] = defaultdict(dict)
        for row in rows:
            by_key[tuple(row[key] for key in keys)][row["metric"]] = row
        lines = [[*keys, *metrics, "n"]]
        for names, found in by_key.items():
            n = max(row["n"] for row in found.values())
            lines.append([*names, *(_cell_of(found.get(metric), n) for metric in metrics), str(n)])
    return _table(title, lines)


def runtime_markdown(title: str, runtimes: list[MapRuntime], dataset: str) -> str:
    """Table 4: seconds and passes a map, with the seconds that the papers printed beside them on their datasets."""
    papers = dataset in PAPERS
    lines = [["maps", "seconds a map", "forward passes a map", "gradient passes a map", "device", "n"]]
    lines[0] += ["papers' seconds"] if papers else []
    for one in runtimes:
        name = f"{generator_name(one.generator)}: {SHARED}" if one.mode is None else maps_name(one.generator, one.mode)
        per_map = [f"{value / one.maps:.4g}" for value in (one.seconds, one.forward_passes, one.gradient_passes)]
        line = [name, *per_map, ", ".join(one.devices), str(one.maps)]
        if papers:
            seconds = PAPER_SECONDS.get((one.generator, one.mode or ""))
            line.append("-" if seconds is None else str(seconds))
        lines.append(line)
    return _table(title, lines)


def _cell_of(row: Row | None, n: int) -> str:
    """Return the cell with its own n where it rests on fewer than the row's."""
    is_fewer = row is not None and row["value"] is not None and row["ci_low"] is not None and row["n"] < n
    return f"{cell(row)}, n = {row['n']}" if row is not None and is_fewer else cell(row)


def _table(title: str, lines: list[list[str]]) -> str:
    ruled = [lines[0], ["---"] * len(lines[0]), *lines[1:]]
    return f"\n#### {title}\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in ruled)


def runtimes_of(settings: Settings) -> list[MapRuntime]:
    """What the current test maps of one seed cost when they were made."""
    records = [stage_record(manifest) for manifest in ConfiguredRun(resolved(settings)).current().manifests.values()]
    return [runtime for runtime in map_runtimes(records, settings.saliency.generator_modes) if runtime.maps]


def main() -> int:
    settings = load_settings(Path(sys.argv[1]), sys.argv[2:])
    rows: list[Row] = query_tables(settings, "select * from metrics").to_pylist()
    for seed in sorted({row["seed"] for row in rows}):
        for table, (keys, metrics) in TABLES.items():
            chosen = [row for row in rows if row["table_name"] == table and row["seed"] == seed]
            if keys != ("metric",):
                chosen = [r for r in chosen if r["metric"] in metrics and all(r[key] is not None for key in keys)]
            if chosen:
                print(markdown(f"{table}, seed {seed}", chosen, keys, metrics))
        runtimes = runtimes_of(with_seed(settings, seed))
        if runtimes:
            print(runtime_markdown(f"seconds and passes a map, seed {seed}", runtimes, settings.dataset.kind))
    return 0


if __name__ == "__main__":
    sys.exit(main())
