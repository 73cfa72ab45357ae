"""The probability that an image has each attribute, by the better of two estimates."""

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.jobs.progress import report_count
from flows.readers.pair_frame import read_embeddings, read_labels
from pipeline.explanation.answer.presence import (
    PresenceQuality,
    calibrate_confidence,
    calibrated_presence,
    compare_presence,
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
    image_ids, labels_na = read_labels(upstream, "valid")
    logits = _logits(upstream)
    qualities = compare_presence(probed["valid"], logits.get("valid"), labels_na, train_na.mean(axis=0), image_ids)
    chosen = next(one.source for one in qualities if one.is_chosen)
    if chosen == CLASSIFIER:
        calibration = calibrate_confidence(logits["valid"], labels_na, train_na.mean(axis=0))
        probed = {split: calibrated_presence(calibration, logits_na) for split, logits_na in logits.items()}
    arrays = {split: presence_na.astype(np.float32) for split, presence_na in probed.items()}
    parts: dict[str, Part] = {
        "presence": ArraysPart(arrays, dict.fromkeys(arrays, ("image", "attribute"))),
        "presence_quality": inputs.table("presence_quality", [_row(one) for one in qualities]),
    }
    return JobResult(parts, {"attributes": train_na.shape[1], "by_classifier": int(chosen != PROBE)})


def _logits(upstream: Upstream) -> dict[str, np.ndarray]:
    """Return the classifier's logits (image, attribute) by split, none where it was not trained."""
    if SCORES not in upstream.manifests:
        return {}
    return {split: upstream.arrays(SCORES, "scores", "logits", split) for split in ("valid", "test")}


def _row(quality: PresenceQuality) -> dict[str, object]:
    return {"source": quality.source, "log_loss": quality.log_loss, "is_chosen": quality.is_chosen}
