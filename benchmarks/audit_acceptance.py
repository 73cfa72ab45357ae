"""Checks what the audit must show on planted data, for every seed of a configuration that has been run.

    python benchmarks/audit_acceptance.py configs/planted.toml [key=value ...]

Exit status 1 names each claim that the figures do not bear out.
"""

import sys
from pathlib import Path
from typing import Any

from flows.commands.query import query_tables
from flows.settings.file import load_settings

LARGEST_REGRET_OVER_PRESENT = 0.10
RIVALS = ("classifier", "best_constant", "prior_only", "predicted_in_both")
SQL = """
select seed, table_name, metric, variant, compared_with, value, ci_low, ci_high, p_value, n
from metrics where table_name like 'audit%'
"""

Row = dict[str, Any]


def failed_claims(rows: list[Row]) -> list[str]:
    """Return a line for each claim that the rows of one seed do not bear out."""
    regret = {row["variant"]: row for row in rows if row["metric"] == "normalised_regret"}
    unlearned = next(row["value"] for row in rows if row["metric"] == "drivers_not_learned")
    differences = {row["compared_with"]: row for row in rows if row["metric"] == "regret_difference"}
    claims = {
        "the oracle has regret 0": regret["oracle"]["value"] == 0,
        "random among present attributes has regret 1 within its interval": (
            regret["random|present"]["ci_low"] <= 1 <= regret["random|present"]["ci_high"]
        ),
        "every driver was learned": unlearned == 0,
        f"embedding_effect over present attributes has regret of at most {LARGEST_REGRET_OVER_PRESENT}": (
            regret["embedding_effect|present"]["value"] <= LARGEST_REGRET_OVER_PRESENT
        ),
    }
    for rival in RIVALS:
        claims[f"embedding_effect+presence beats {rival}, interval excluding 0"] = differences[rival]["ci_high"] < 0
    return [claim for claim, holds in claims.items() if not holds]


def main() -> int:
    settings = load_settings(Path(sys.argv[1]), sys.argv[2:])
    rows: list[Row] = query_tables(settings, SQL).to_pylist()
    status = 0
    for seed in sorted({row["seed"] for row in rows}):
        own = [row for row in rows if row["seed"] == seed]
        print(f"seed {seed}")
        for row in sorted(own, key=lambda row: (row["metric"], row["value"] or 0)):
            if row["metric"] in ("normalised_regret", "regret_difference"):
                against = f" - {row['compared_with']}" if row["compared_with"] else ""
                interval = "" if row["ci_low"] is None else f" [{row['ci_low']:.3f}, {row['ci_high']:.3f}]"
                print(f"  {row['metric']:18} {row['variant']}{against}: {row['value']:.3f}{interval}")
        for claim in failed_claims(own):
            print(f"  NOT BORNE OUT: {claim}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
