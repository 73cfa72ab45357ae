"""What the ablation measures of each row, and how rows are compared on the same pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.ablation_rows import BASE, AblationRow
from flows.engine.upstream import Upstream
from flows.readers.clusters import read_image_clusters, read_pair_clusters
from flows.readers.pair_frame import PairFrame, read_attribute_logits, read_labels, read_pair_frame
from flows.readers.replacement_effects import read_replacement_effects
from flows.readers.true_effects import read_truth
from pipeline.attributes.average_precision import mean_average_precision
from pipeline.evaluation.audit.measures import regret_ratio
from pipeline.evaluation.audit.outcomes import TrueEffects, audit_outcomes
from pipeline.evaluation.average_precision_interval import map_interval
from pipeline.evaluation.bootstrap import Interval, Ratio, Resampling, clustered_interval, clustered_ratio_interval
from pipeline.evaluation.comparisons import Difference, Measure, paired_comparisons
from pipeline.evaluation.named_attributes import top1_accuracy
from pipeline.evaluation.replacements.removal import removal_measure
from pipeline.explanation.variants import all_variants

VALID_MAP: Final = "validation mAP"
TEST_MAP: Final = "test mAP"
MAPS: Final = {VALID_MAP: "valid", TEST_MAP: "test"}
REGRET: Final = "regret"


@dataclass(frozen=True)
class MeasuredWith:
    """What all rows are measured with, read from the base run: one measure, one truth, the same pairs.

    Attributes:
        frame: the test pairs.
        clusters_p: what the pairs share.
        image_clusters: what images share, by split.
        labels: bool (image, attribute) by split.
        attribute_clusters_a: integer (attribute,): attributes of one factor exclude each other.
        drops: (pair, attribute) by measure, NaN where undefined.
        truth: effects by rendering; None where nothing is rendered.
    """

    frame: PairFrame
    clusters_p: np.ndarray
    image_clusters: Mapping[str, np.ndarray]
    labels: Mapping[str, np.ndarray]
    attribute_clusters_a: np.ndarray
    drops: Mapping[str, np.ndarray]
    truth: TrueEffects | None


@dataclass(frozen=True)
class RowMeasures:
    """One row, measure by measure.

    Attributes:
        named_p: int64 (pair,), the attribute that is named for each pair.
        logits: (image, attribute) by split.
        precision: average precision (attribute,) by split, NaN where undefined.
        pairs: of each measure over pairs the (pair,) values, or the ratio.
    """

    named_p: np.ndarray
    logits: Mapping[str, np.ndarray]
    precision: Mapping[str, np.ndarray]
    pairs: Mapping[str, Measure]


def read_measured_with(upstream: Upstream, unit: str, is_rendered: bool) -> MeasuredWith:
    """Return what rows are measured with, from the base run's results."""
    frames = {split: read_pair_frame(upstream, split) for split in ("valid", "test")}
    frame = frames["test"]
    groups = np.array(frame.attribute_groups)
    return MeasuredWith(
        frame,
        read_pair_clusters(upstream, frame, unit),
        {split: read_image_clusters(upstream, one, unit)[1] for split, one in frames.items()},
        {split: read_labels(upstream, split)[1] for split in frames},
        np.where(groups >= 0, groups, len(groups) + np.arange(len(groups))),
        {
            "matched effect": -read_replacement_effects(upstream, "test", "matched", frame),
            "removal": -read_replacement_effects(upstream, "test", "removal", frame),
        },
        read_truth(upstream, frame) if is_rendered else None,
    )


def read_row(upstream: Upstream, row: AblationRow, variants: Sequence[str], measured: MeasuredWith) -> RowMeasures:
    """Return a row's measures; `variants` are those that its run scored."""
    logits = {split: read_attribute_logits(upstream, row.model, split) for split in MAPS.values()}
    scores_vpa = upstream.arrays("explanations", "scores", "scores")
    named_p = scores_vpa[all_variants(variants).index(row.variant)].argmax(axis=1)
    return row_measures(logits, named_p, measured)


def row_measures(logits: Mapping[str, np.ndarray], named_p: np.ndarray, measured: MeasuredWith) -> RowMeasures:
    """Return the measures of naming these attributes (pair,), and of these logits."""
    precision = {
        split: mean_average_precision(logits_na, measured.labels[split]).per_attribute
        for split, logits_na in logits.items()
    }
    pairs: dict[str, Measure] = {"top-1": top1_accuracy(named_p, measured.frame.present_pa)}
    pairs |= {name: removal_measure(named_p, -drops_pa) for name, drops_pa in measured.drops.items()}
    if measured.truth is not None:
        pairs[REGRET] = regret_ratio(audit_outcomes(measured.truth, named_p))
    return RowMeasures(named_p, logits, precision, pairs)


def intervals(row: RowMeasures, measured: MeasuredWith, resampling: Resampling) -> dict[str, Interval]:
    """Return each measure of a row with its interval: mAP over images, the others over what pairs share."""
    drawn = {"seed": resampling.seed, "samples": resampling.samples}
    found = {
        name: map_interval(row.logits[split], measured.labels[split], measured.image_clusters[split], **drawn)
        for name, split in MAPS.items()
    }
    for name, one in row.pairs.items():
        if isinstance(one, Ratio):
            found[name] = clustered_ratio_interval(one.numerator_p, one.denominator_p, measured.clusters_p, **drawn)
        else:
            found[name] = clustered_interval(one, measured.clusters_p, **drawn)
    return found


def differences(
    rows: Sequence[AblationRow], found: Mapping[str, RowMeasures], measured: MeasuredWith, resampling: Resampling
) -> dict[tuple[str, str], Difference]:
    """Return, by row and measure, the row minus the one that it is compared with; the rows of a measure are a family.

    Differences of mAP are means over attributes: attributes are resampled, those of one factor together.
    """
    compared = [row for row in rows if row.name != BASE]
    drawn = {"seed": resampling.seed, "samples": resampling.samples}
    by_measure: dict[str, list[Difference]] = {}
    for name, split in MAPS.items():
        two = [(found[row.name].precision[split], found[row.against].precision[split]) for row in compared]
        by_measure[name] = paired_comparisons(two, measured.attribute_clusters_a, **drawn)
    for name in found[BASE].pairs:
        of_pairs = [(found[row.name].pairs[name], found[row.against].pairs[name]) for row in compared]
        by_measure[name] = paired_comparisons(of_pairs, measured.clusters_p, **drawn)
    return {
        (row.name, name): difference
        for name, of_rows in by_measure.items()
        for row, difference in zip(compared, of_rows, strict=True)
    }
