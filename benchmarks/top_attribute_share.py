"""How often an explanation's first attribute is of a certain kind, such as a colour, by variant.

    python benchmarks/top_attribute_share.py CONFIG PREFIX... [--against classifier random] [--set key=value]

Repeat every --set of the run that made the explanations.

The names of these attributes begin with one of PREFIX, such as "colour:". A model that sees nothing but
colours should be explained by colours; how often classifier and random name one tells how easy that is.
Intervals are 95 %, over resampled queries (corrected bootstrap). A lead is the difference in percentage points on the
pairs that both have; p is corrected after Holm for the number of leads in the table, those of variants that are told
the query's labels apart.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flows.commands.query import query_tables
from flows.settings.file import load_settings, run_seeds
from pipeline.errors import PipelineError
from pipeline.evaluation.bootstrap import Interval, clustered_interval
from pipeline.evaluation.comparisons import Difference, paired_comparisons
from pipeline.evaluation.metrics.families import told_families
from pipeline.report.number_text import p_value_text
from stores.errors import StoreError

# Scores of variants that rank present attributes alone are null elsewhere, so a null first rank names nothing.
TOP_SQL = """
select e.variant, e.pair_id, p.query, e.attribute
from explanations e join pairs p using (pair_id)
where e.rank = 1 and e.score is not null
order by e.variant, e.pair_id
"""
# What a name drawn at random from those that the query has would give.
PRESENT_SQL = "select image_id, attributes from images where split = 'test'"

Row = dict[str, Any]


@dataclass(frozen=True)
class Share:
    """A variant's share of pairs whose first attribute is of the kind, and its lead over others, p corrected."""

    variant: str
    share: Interval
    leads: dict[str, Difference]


def shares(
    rows: Sequence[Row], prefixes: tuple[str, ...], against: Sequence[str], seed: int, samples: int
) -> list[Share]:
    """Return the share of each variant; rows hold variant, pair_id, query and attribute of one seed's first ranks."""
    pairs = sorted({(row["query"], row["pair_id"]) for row in rows})
    position = {pair_id: number for number, (_, pair_id) in enumerate(pairs)}
    queries = {query: number for number, query in enumerate(sorted({query for query, _ in pairs}))}
    clusters = np.array([queries[query] for query, _ in pairs])
    named: dict[str, np.ndarray] = {}
    for row in rows:
        values = named.setdefault(row["variant"], np.full(len(pairs), np.nan))
        values[position[row["pair_id"]]] = float(row["attribute"].startswith(prefixes))
    leads: dict[str, dict[str, Difference]] = {variant: {} for variant in named}
    for family in told_families(named):
        compared = [(variant, other) for variant in family for other in against if other in named and other != variant]
        differences = paired_comparisons(
            [(named[variant], named[other]) for variant, other in compared], clusters, seed=seed, samples=samples
        )
        for (variant, other), difference in zip(compared, differences, strict=True):
            leads[variant][other] = difference
    found = [
        Share(variant, clustered_interval(values, clusters, seed=seed, samples=samples), leads[variant])
        for variant, values in named.items()
    ]
    return sorted(found, key=lambda share: -share.share.value)


def present_share(rows: Sequence[Row], queries: Sequence[str], prefixes: tuple[str, ...]) -> float:
    """Return the chance that a present attribute drawn at random is of the kind, over the pairs' queries."""
    attributes = {row["image_id"]: row["attributes"] for row in rows}
    chances = [
        np.mean([name.startswith(prefixes) for name in attributes[query]]) for query in queries if attributes[query]
    ]
    return float(np.mean(chances)) if chances else float("nan")


def markdown(found: Sequence[Share], against: Sequence[str]) -> str:
    """Return the shares as a table, in percent."""
    header = ["variant", "named first", *(f"lead over {other}" for other in against), "pairs", "queries"]
    lines = [header, ["---"] * len(header)]
    for share in found:
        cells = [_lead_text(share.leads[other], share.share.n) if other in share.leads else "-" for other in against]
        lines.append([share.variant, _percent(share.share), *cells, str(share.share.n), str(share.share.n_clusters)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _lead_text(lead: Difference, n: int) -> str:
    p_text = p_value_text(lead.p_value, lead.is_bound)
    fewer = "" if lead.interval.n == n else f", n = {lead.interval.n}"
    return f"{_percent(lead.interval)}, p {p_text if p_text[0] in '<≤' else f'= {p_text}'}{fewer}"


def _percent(interval: Interval) -> str:
    return f"{100 * interval.value:.1f} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("prefixes", nargs="+", metavar="PREFIX")
    parser.add_argument("--against", nargs="*", default=["classifier", "random"])
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="key=value")
    arguments = parser.parse_args(words)
    try:
        print_shares(arguments)
    except (PipelineError, StoreError) as error:
        sys.exit(f"error\n{error}")
    return 0


def print_shares(arguments: argparse.Namespace) -> None:
    prefixes = tuple(arguments.prefixes)
    for seed in run_seeds(load_settings(arguments.config, arguments.overrides)):
        settings = load_settings(arguments.config, [*arguments.overrides, f"seed={seed}", "evaluation.seeds=[]"])
        rows: list[Row] = query_tables(settings, TOP_SQL).to_pylist()
        images: list[Row] = query_tables(settings, PRESENT_SQL).to_pylist()
        if not any(name.startswith(prefixes) for image in images for name in image["attributes"]):
            sys.exit(f"no test image has an attribute whose name begins with {' or '.join(prefixes)}")
        found = shares(rows, prefixes, arguments.against, seed, settings.evaluation.bootstrap_samples)
        queries = [query for query, _ in sorted({(row["query"], row["pair_id"]) for row in rows})]
        print(f"\nseed {seed}: first attribute begins with {' or '.join(prefixes)}, % of pairs\n")
        print(markdown(found, arguments.against))
        print(f"\na present attribute drawn at random: {100 * present_share(images, queries, prefixes):.1f} %")
        print("95 % intervals over queries; leads in percentage points; p from the bootstrap, corrected after Holm")


if __name__ == "__main__":
    sys.exit(main())
