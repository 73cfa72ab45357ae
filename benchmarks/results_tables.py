"""The tables of docs/results.md, in Markdown, from a store that has been run.

python benchmarks/results_tables.py configs/awa2.toml [key=value ...]
"""

import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from flows.query import query_tables
from flows.settings_file import load_settings

Row = dict[str, Any]

TABLES = {
    "similarity_model": ("metric", ["value"]),
    "saliency_faithfulness": (
        "generator",
        ["insertion_auc", "deletion_auc", "insertion_auc_anchored", "deletion_auc_anchored", "left_out_anchored"],
    ),
    "attribute_recognition": ("variant", ["map"]),
    "attribute_explanation": (
        "variant",
        ["top1_accuracy", "removal", "removal_undefined", "distinct_per_query", "differs_from_classifier"],
    ),
    "attribute_explanation_comparison": ("variant", ["removal_difference"]),
    "audit_instrument": ("metric", ["value"]),
    "audit": ("variant", ["normalised_regret", "hit_at_1", "used", "absent_naming", "skill"]),
    "audit_comparison": ("compared_with", ["regret_difference"]),
}


def cell(row: Row | None) -> str:
    if row is None or row["value"] is None:
        return "-"
    if row["unit"] in ("count", "correlation") or row["metric"] == "effect_floor":
        return f"{row['value']:.0f}" if float(row["value"]).is_integer() else f"{row['value']:.3g}"
    interval = "" if row["ci_low"] is None else f" [{100 * row['ci_low']:.1f}, {100 * row['ci_high']:.1f}]"
    p_value = "" if row["p_value"] is None else f", p = {row['p_value']:.3f}"
    return f"{100 * row['value']:.1f}{interval}{p_value}"


def figure_name(row: Row) -> str:
    return row["metric"] if row["variant"] is None else f"{row['metric']}, {row['variant']}"


def markdown(title: str, rows: list[Row], key: str, metrics: list[str]) -> str:
    if key == "metric":
        lines = [["figure", "value", "n"]] + [[figure_name(row), cell(row), str(row["n"])] for row in rows]
    else:
        by_key: dict[str, dict[str, Row]] = defaultdict(dict)
        for row in rows:
            by_key[row[key]][row["metric"]] = row
        lines = [[key, *metrics, "n"]]
        for name, found in by_key.items():
            n = max(row["n"] for row in found.values())
            lines.append([str(name), *(cell(found.get(metric)) for metric in metrics), str(n)])
    lines.insert(1, ["---"] * len(lines[0]))
    return f"\n#### {title}\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> int:
    settings = load_settings(Path(sys.argv[1]), sys.argv[2:])
    rows: list[Row] = query_tables(settings, "select * from metrics").to_pylist()
    for seed in sorted({row["seed"] for row in rows}):
        for table, (key, metrics) in TABLES.items():
            chosen = [row for row in rows if row["table_name"] == table and row["seed"] == seed]
            chosen = [row for row in chosen if key == "metric" or (row["metric"] in metrics and row[key] is not None)]
            if chosen:
                print(markdown(f"{table}, seed {seed}", chosen, key, metrics))
    return 0


if __name__ == "__main__":
    sys.exit(main())
