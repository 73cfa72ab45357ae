"""The probability that an image has each attribute, by the better of two estimates."""

import dataclasses

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.jobs.progress import report_count
from flows.readers.pair_frame import PairFrame, read_embeddings, read_labels, read_pair_frame, read_pair_values
from flows.readers.replacement_effects import read_replacement_effects
from pipeline.explanation.answer.presence import (
    MeasuredValidation,
    calibrate_confidence,
    calibrated_presence,
    compare_presence,
    held_out_presence,
)
from pipeline.explanation.answer.presence_sources import CLASSIFIER, PROBE
from pipeline.explanation.presence_probe import fit_presence_probe, presence_probability
from stores.parts import ArraysPart, Part

SCORES = f"attribute_scores.{CLASSIFIER}"


def run(inputs: JobInputs) -> JobResult:
    """Return arrays `valid` and `test` (image, attribute), and the table `presence_quality`."""
    upstream = inputs.upstream
    train_na = read_labels(upstream, "train")[1]
    report = report_count(inputs.task.stage, "attributes probed")
    probe = fit_presence_probe(read_embeddings(upstream, "train"), train_na, fitted=report)
    probed = {split: presence_probability(probe, read_embeddings(upstream, split)) for split in ("valid", "test")}
    frame = read_pair_frame(upstream, "valid")
    rates_a, logits = train_na.mean(axis=0), _logits(upstream)
    estimates = {PROBE: probed["valid"]}
    if logits:
        estimates[CLASSIFIER] = held_out_presence(logits["valid"], frame.labels_na, rates_a, frame.image_ids)
    qualities = compare_presence(estimates, _validation(upstream, frame))
    chosen = next(one.source for one in qualities if one.is_chosen)
    if chosen == CLASSIFIER:
        calibration = calibrate_confidence(logits["valid"], frame.labels_na, rates_a)
        probed = {split: calibrated_presence(calibration, logits_na) for split, logits_na in logits.items()}
    arrays = {split: presence_na.astype(np.float32) for split, presence_na in probed.items()}
    parts: dict[str, Part] = {
        "presence": ArraysPart(arrays, dict.fromkeys(arrays, ("image", "attribute"))),
        "presence_quality": inputs.table("presence_quality", [dataclasses.asdict(one) for one in qualities]),
    }
    return JobResult(parts, {"attributes": train_na.shape[1], "by_classifier": int(chosen != PROBE)})


def _logits(upstream: Upstream) -> dict[str, np.ndarray]:
    """Return the classifier's logits (image, attribute) by split, none where it was not trained."""
    if SCORES not in upstream.manifests:
        return {}
    return {split: upstream.arrays(SCORES, "scores", "logits", split) for split in ("valid", "test")}


def _validation(upstream: Upstream, frame: PairFrame) -> MeasuredValidation:
    return MeasuredValidation(
        frame.labels_na,
        frame.query_p,
        read_pair_values(upstream, "embedding_effects.valid", "embedding_effects", "effect", frame),
        -read_replacement_effects(upstream, "valid", "matched", frame),
    )
