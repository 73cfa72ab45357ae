"""What labels do to explanations of rendered items: every label mode, and other items, in one table.

    python -m benchmarks.label_modes CONFIG [--case dense 0] [--case sparse 0] ... [--set key=value ...]

A case is a label mode and `dataset.seed`, the seed of the items. Runs what is not in the store yet, up to `metrics`.
Figures are x 100 with the intervals of the table `metrics`. Regret: of the attribute with the largest predicted effect
where the query's labels are known, where they are predicted, and of the answer. AUROC: how well the pair's own map
finds the pixels of what is known to matter, and the map of the attribute that answers finds the attribute's pixels.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.quiet_runs import run_until
from benchmarks.results_tables import cell

# None needs maps of training images, so that a case takes the passes of validation and test pairs alone.
VARIANTS: Final = (
    "random",
    "best_constant",
    "predicted_in_both",
    "classifier",
    "embedding_effect",
    "embedding_effect+presence",
)
CASES: Final = (("dense", 0), ("dense", 1), ("dense", 2), ("sparse", 0), ("class", 0), ("correlated", 0))
# Heading of a column, and what tells its row of `metrics`.
COLUMNS: Final[tuple[tuple[str, dict[str, str | None]], ...]] = (
    ("drivers not learned", {"table_name": "audit_instrument", "metric": "drivers_not_learned"}),
    ("eligible pairs", {"table_name": "audit_instrument", "metric": "eligible_share"}),
    ("regret, presence known", {"table_name": "audit", "metric": "normalised_regret", "variant": "embedding_effect"}),
    (
        "regret, presence predicted",
        {"table_name": "audit", "metric": "normalised_regret", "variant": "embedding_effect+presence"},
    ),
    ("regret of the answer", {"table_name": "audit", "metric": "normalised_regret", "variant": "answer"}),
    ("predicted_in_both", {"table_name": "audit", "metric": "normalised_regret", "variant": "predicted_in_both"}),
    (
        "best constant, over present",
        {"table_name": "audit", "metric": "normalised_regret", "variant": "best_constant|present"},
    ),
    (
        "no answer, or one that the item lacks",
        {"table_name": "audit", "metric": "absent_naming", "variant": "answer"},
    ),
    ("AUROC, pair's map", {"table_name": "map_localisation", "metric": "auroc", "generator": "rise"}),
    ("AUROC, attribute's map", {"table_name": "attribute_localisation", "metric": "auroc", "variant": "attribute"}),
)

Row = Mapping[str, Any]


def case_overrides(mode: str, item_seed: int) -> list[str]:
    """Return the key=value of a case."""
    variants = ", ".join(f'"{variant}"' for variant in VARIANTS)
    return [
        f"dataset.label_mode={mode}",
        f"dataset.seed={item_seed}",
        f"explanation.variants=[{variants}]",
        'saliency.generators=["rise", "centre"]',
        "evaluation.curves=false",
    ]


def case_line(mode: str, item_seed: int, rows: Sequence[Row]) -> str:
    """Return a case's line of the table from its rows of `metrics`; a figure that is not there is a dash.

    Raises:
        ValueError: more than one row fits a column.
    """
    cells = []
    for heading, wanted in COLUMNS:
        fitting = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
        if len(fitting) > 1:
            raise ValueError(f"{len(fitting)} rows of metrics fit {heading!r}")
        found = cell(dict(fitting[0])) if fitting else cell(None)
        cells.append(f"{found} of {fitting[0]['n']}" if heading == COLUMNS[0][0] and fitting else found)
    return f"| {mode} | {item_seed} | {' | '.join(cells)} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--case", nargs=2, action="append", default=[], metavar=("MODE", "SEED"), dest="cases")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="key=value")
    arguments = parser.parse_args()
    print(f"| labels | items | {' | '.join(heading for heading, _ in COLUMNS)} |")
    print("| --- " * (len(COLUMNS) + 2) + "|")
    for mode, item_seed in arguments.cases or CASES:
        overrides = [*arguments.overrides, *case_overrides(mode, int(item_seed))]
        upstream = run_until(arguments.config, overrides, ["metrics"])
        print(case_line(mode, int(item_seed), upstream.rows("metrics", "metrics")), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
