"""True joint effects of rendered test items, as the audit takes them."""

import numpy as np

from flows.engine.upstream import Upstream
from flows.readers.pair_frame import PairFrame
from pipeline.evaluation.audit.joint_truth import JointTruth
from pipeline.explanation.answer.smallest_set import all_sets

STAGE = "joint_effects.test"


def read_joint_truth(upstream: Upstream, frame: PairFrame, floor: float) -> JointTruth:
    """Return the joint effects of every set of each query's attributes; reads `joint_effects.test`.

    Args:
        upstream: holds the stage.
        frame: the test pairs.
        floor: the size that an effect must exceed to count.
    """
    table = upstream.table(STAGE, "joint_effects")
    columns = (table[name].to_pylist() for name in ("pair_id", "attributes", "effect"))
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for pair_id, attributes, effect in zip(*columns, strict=True):
        found.setdefault(pair_id, {})[tuple(attributes)] = effect
    position = {name: column for column, name in enumerate(frame.attribute_names)}
    members_p, effects_p = [], []
    for pair_id in frame.pair_ids:
        names = max(found[pair_id], key=len)
        chosen = (tuple(name for name, is_in in zip(names, row, strict=True) if is_in) for row in all_sets(len(names)))
        members_p.append(np.array([position[name] for name in names], dtype=np.int64))
        effects_p.append(np.array([found[pair_id][members] for members in chosen]))
    return JointTruth(members_p, effects_p, floor)
