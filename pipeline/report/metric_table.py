"""Looking up figures in the rows of the table `metrics`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Estimate:
    """One figure of the run; fractions where it is a share.

    Attributes:
        value: the figure; None where it is undefined.
        low: lower end of its interval, if it has one.
        high: upper end, likewise.
        n: what it was averaged or counted over.
        p_value: of a comparison, corrected for the comparisons of its table.
        p_is_bound: the p-value is at most that.
        variant: the row of the comparison it belongs to, if any.
        compared_with: the other side of a comparison.
        attribute: what it is about, if an attribute.
        n_clusters: how many units were resampled for its interval and p-value; None where nothing was.
        cluster_unit: what was resampled, such as "query".
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    p_value: float | None = None
    variant: str | None = None
    compared_with: str | None = None
    attribute: str | None = None
    p_is_bound: bool = False
    n_clusters: int | None = None
    cluster_unit: str | None = None


class MetricTable:
    """The rows of `metrics`, found by what they are.

    Args:
        rows: dictionaries with the columns of the table; columns that are absent count as null.
    """

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._rows: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for row in rows:
            self._rows.setdefault((row["table_name"], row["metric"]), []).append(row)

    def all_of(self, table_name: str, metric: str) -> list[Estimate]:
        """Return every figure of this name, in the order of the table."""
        return [_estimate(row) for row in self._rows.get((table_name, metric), [])]

    def all_in(self, table_name: str) -> list[Estimate]:
        """Return every figure of a table."""
        return [_estimate(row) for (name, _), found in self._rows.items() if name == table_name for row in found]

    def of_variant(self, table_name: str, metric: str, variant: str) -> Estimate | None:
        """Return the figure of one variant (or attribute model), None where there is none."""
        return self._first(table_name, metric, {"variant": variant})

    def of_variant_and_mode(self, table_name: str, metric: str, variant: str, mode: str) -> Estimate | None:
        """Return the figure of one variant in one mode, None where there is none."""
        return self._first(table_name, metric, {"variant": variant, "mode": mode})

    def of_generator(self, metric: str, generator: str, mode: str) -> Estimate | None:
        """Return a figure of one saliency generator, None where there is none."""
        return self.of_maps("saliency_faithfulness", metric, generator, mode)

    def of_maps(self, table_name: str, metric: str, generator: str, mode: str) -> Estimate | None:
        """Return a figure of one generator's maps in any table, None where there is none."""
        return self._first(table_name, metric, {"generator": generator, "mode": mode})

    def of_compared_maps(self, metric: str, generator: str, mode: str, compared_with: str) -> Estimate | None:
        """Return how a generator's maps differ from those of another, None where they were not compared."""
        labels = {"generator": generator, "mode": mode, "compared_with": compared_with}
        return self._first("saliency_faithfulness_comparison", metric, labels)

    def baselines(self, table_name: str) -> list[str]:
        """Return what a table of comparisons compares with, each once, in its order."""
        rows = [row for (name, _), found in self._rows.items() if name == table_name for row in found]
        return list(dict.fromkeys(row["compared_with"] for row in rows))

    def single(self, table_name: str, metric: str) -> Estimate | None:
        """Return the first figure of this name, None where there is none."""
        return self._first(table_name, metric, {})

    def variants(self, table_name: str, metric: str) -> list[str]:
        """Return the variants that have this figure, in the order of the table."""
        return [estimate.variant for estimate in self.all_of(table_name, metric) if estimate.variant]

    def _first(self, table_name: str, metric: str, labels: Mapping[str, str]) -> Estimate | None:
        for row in self._rows.get((table_name, metric), []):
            if all(row.get(name) == label for name, label in labels.items()):
                return _estimate(row)
        return None


def _estimate(row: Mapping[str, Any]) -> Estimate:
    return Estimate(
        row.get("value"),
        row.get("ci_low"),
        row.get("ci_high"),
        row.get("n"),
        row.get("p_value"),
        row.get("variant"),
        row.get("compared_with"),
        row.get("attribute"),
        bool(row.get("p_is_bound")),
        row.get("n_clusters"),
        row.get("cluster_unit"),
    )
