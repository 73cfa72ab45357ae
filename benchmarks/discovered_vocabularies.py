"""Vocabularies of a run: its labels, what a method discovers, and the latter with the SANE model trained on it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.discovered_tables import SUPERVISED
from benchmarks.discovered_truth import Vocabulary
from benchmarks.quiet_runs import run_until
from flows.engine.upstream import Upstream
from flows.readers.pair_frame import PairFrame, read_labels, read_pair_frame
from pipeline.discovery.methods import FULL_FRAME, RANDOM
from pipeline.explanation.variants import all_variants

# The papers' full model: attribute model, map matching and prior.
SANE = "sane+match+count"


def supervised(upstream: Upstream, frame: PairFrame) -> Vocabulary:
    """Return the vocabulary of the labels."""
    train_na = read_labels(upstream, "train")[1]
    return Vocabulary(SUPERVISED, train_na, frame.labels_na, frame.attribute_groups, frame.attribute_names)


def discovered(config: Path, overrides: Sequence[str], method: str, asked: Sequence[str] = ()) -> Vocabulary:
    """Return what a method discovers, made if it is not current."""
    wanted = (*overrides, "discovery.enabled=true", f"discovery.method={method}", *asked)
    upstream = run_until(config, wanted, ["discovered_attributes"])
    return _read_vocabulary(upstream, " ".join([method, *asked]).strip(), method in (FULL_FRAME, RANDOM))


def discovered_with_sane(
    config: Path, overrides: Sequence[str], method: str, frame: PairFrame
) -> tuple[Vocabulary, np.ndarray]:
    """Return what a method discovers, and the scores (pair, attribute) of the full SANE model that is trained on it."""
    wanted = (*overrides, "dataset.attributes=discovered", f"discovery.method={method}")
    upstream = _explained(config, wanted)
    return _read_vocabulary(upstream, method, method in (FULL_FRAME, RANDOM)), _sane_scores(upstream, frame)


def supervised_sane(config: Path, overrides: Sequence[str], frame: PairFrame) -> np.ndarray:
    """Return the scores (pair, attribute) of the full SANE model that is trained on the labels."""
    return _sane_scores(_explained(config, overrides), frame)


def _explained(config: Path, overrides: Sequence[str]) -> Upstream:
    return run_until(config, (*overrides, f'explanation.variants=["{SANE}"]'), ["explanations"])


def _sane_scores(upstream: Upstream, frame: PairFrame) -> np.ndarray:
    """Return the scores of the pairs of a frame, whatever vocabulary the run that explains them has.

    Raises:
        KeyError: the run does not explain one of the pairs.
    """
    row = {pair_id: number for number, pair_id in enumerate(read_pair_frame(upstream, "test").pair_ids)}
    scores_vpk = upstream.arrays("explanations", "scores", "scores")
    place = all_variants([SANE]).index(SANE)
    scores_pk: np.ndarray = scores_vpk[place][[row[pair_id] for pair_id in frame.pair_ids]]
    return scores_pk


def _read_vocabulary(upstream: Upstream, name: str, is_exclusive: bool) -> Vocabulary:
    """Return discovered labels of both splits, in the order of the images."""
    names = upstream.table("discovered_attributes", "clusters")["attribute"].to_pylist()
    column = {one: number for number, one in enumerate(names)}
    rows = upstream.rows("discovered_attributes", "labels")
    has_of = {(row["split"], row["image_id"]): [column[one] for one in row["attributes"]] for row in rows}
    groups = [0 if is_exclusive else -1] * len(names)

    def labels(split: str) -> np.ndarray:
        ids = read_labels(upstream, split)[0]
        labels_nk = np.zeros((len(ids), len(names)), dtype=bool)
        for number, image_id in enumerate(ids):
            labels_nk[number, has_of[split, image_id]] = True
        return labels_nk

    return Vocabulary(name, labels("train"), labels("test"), groups, names)
