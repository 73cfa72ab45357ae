"""Explanations against effects of colour that were measured by editing photographs."""

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.pair_frame import read_pair_frame
from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs, cluster_codes
from pipeline.evaluation.metrics.recolouring import TABLE, gather_pairs, recolour_rows
from pipeline.evaluation.metrics.rows import count_row
from pipeline.explanation.variants import all_variants


def run(inputs: JobInputs) -> JobResult:
    """Return the rows of `metrics` whose table_name is `recolour_audit`."""
    upstream, settings = inputs.upstream, inputs.settings
    frame = read_pair_frame(upstream, "test")
    resampling = Resampling(int(settings["seed"]), int(settings["bootstrap_samples"]))
    pairs = MeasuredPairs(frame.pair_ids, cluster_codes(frame.queries), resampling)
    effects = upstream.rows("recoloured_effects.test", "recoloured_effects")
    measured = gather_pairs(pairs, frame.queries, frame.attribute_names, list(effects))
    scores_vpa = upstream.arrays("explanations", "scores", "scores")
    rows = recolour_rows(measured, dict(zip(all_variants(settings["variants"]), scores_vpa, strict=True)))
    for quality in upstream.rows("colour_references", "colour_classifier"):
        rows += [
            count_row(TABLE, f"classifier_{name}", quality[name], quality["items"])
            for name in ("accuracy", "calibration_error")
        ]
    known = int(np.isfinite(measured.effect_p).sum())
    return JobResult(
        {"metrics": inputs.table("recolour_metrics", rows)}, {"pairs": len(frame.pair_ids), "measured": known}
    )
