"""The papers' Table 2 with the ECCV supplement's measures, over seeds: a row a variant, a value a seed in each cell.

python -m benchmarks.explanation_tables CONFIG [key=value ...]

Reads the current tables of each of `evaluation.seeds`; run `sane run CONFIG --until metrics` first. Cells are x 100:
the mean over seeds and, in brackets, the smallest and largest. The last two columns are the difference from the
classifier's choice in matched effect, on pairs where both have one, and in how many seeds its corrected p is below
0.05 with that sign. Then how long attribute models were trained, and whether their validation mAP was flat.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from flows.commands.query import query_tables
from flows.settings.file import load_settings
from pipeline.report.variant_names import ordered

Row = dict[str, Any]

LEVEL: Final = 0.05
COLUMNS: Final = (
    ("mAP", "attribute_recognition", "map"),
    ("top-1", "attribute_explanation", "top1_accuracy"),
    ("removal", "attribute_explanation", "removal"),
    ("deletion", "attribute_explanation", "deletion"),
    ("insertion", "attribute_explanation", "insertion"),
    ("matched effect", "attribute_explanation", "matched_effect"),
    ("regret", "audit", "normalised_regret"),
)
DIFFERENCE: Final = ("attribute_explanation_comparison", "matched_effect_difference")


def over_seeds(values: Sequence[float]) -> str:
    """Return a mean x 100 with its smallest and largest value, "-" for none."""
    if not values:
        return "-"
    shown = [100 * value for value in values]
    if len(shown) == 1:
        return f"{shown[0]:.1f}"
    return f"{sum(shown) / len(shown):.1f} ({min(shown):.1f} to {max(shown):.1f})"


def explanation_table(rows: Iterable[Row]) -> list[list[str]]:
    """Return the lines, heading first, from rows of `metrics` of all seeds; a column without values is left out."""
    values: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    differences: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["variant"] is None or row["value"] is None:
            continue
        if (row["table_name"], row["metric"]) == DIFFERENCE:
            differences[row["variant"]].append(row)
        elif row["compared_with"] is None:
            values[row["table_name"], row["metric"], row["variant"]].append(row["value"])
    variants = ordered({variant for table, _, variant in values if table == "attribute_explanation"})
    shown = [column for column in COLUMNS if any(key[:2] == column[1:] for key in values)]
    lines = [["variant", *(name for name, *_ in shown), "matched effect − classifier's", "told in seeds"]]
    for variant in variants:
        cells = [over_seeds(values[*column[1:], variant]) for column in shown]
        lines.append([variant, *cells, *_difference_cells(differences[variant])])
    return lines


def _difference_cells(rows: Sequence[Row]) -> list[str]:
    if not rows:
        return ["-", "-"]
    told = [row for row in rows if row["p_value"] is not None and row["p_value"] < LEVEL]
    above = sum(row["value"] > 0 for row in told)
    below = len(told) - above
    words = [f"{count} {sign}" for count, sign in ((above, "+"), (below, "−")) if count]
    return [over_seeds([row["value"] for row in rows]), f"{', '.join(words) or '0'} of {len(rows)}"]


def training_lines(histories: Iterable[Row], patience: int) -> list[str]:
    """Return a line for each model: its best epoch in each seed, and whether `patience` more brought nothing better."""
    by_model: dict[str, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in histories:
        by_model[row["model"]][row.get("seed", 0)].append(row)
    lines = []
    for model, by_seed in sorted(by_model.items()):
        words = []
        for seed, rows in sorted(by_seed.items()):
            best = max(rows, key=lambda row: row["validation_map"])
            last = max(row["epoch"] for row in rows)
            flat = "flat" if last - best["epoch"] >= patience else "not flat"
            words.append(f"seed {seed}: {100 * best['validation_map']:.1f} at {best['epoch']} of {last}, {flat}")
        lines.append(f"{model}: {'; '.join(words)}")
    return lines


def main(arguments: Sequence[str]) -> int:
    """Print the table and how long models were trained."""
    settings = load_settings(Path(arguments[0]), arguments[1:])
    lines = explanation_table(query_tables(settings, "select * from metrics").to_pylist())
    ruled = [lines[0], ["---"] * len(lines[0]), *lines[1:]]
    print("\n".join("| " + " | ".join(line) + " |" for line in ruled))
    histories = query_tables(settings, "select * from training_history where model <> 'similarity_model'").to_pylist()
    print("\n" + "\n".join(training_lines(histories, settings.attribute_model.patience)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
