"""What a stage says of its settings and of what it has to do, in words."""

from dataclasses import replace

from flows.engine.reasons import expected_reason, own_changes, to_do_reason
from flows.engine.stage import Stage

STAGE = Stage("images", "jobs.images", {}, (), (), lambda upstream, stage: [], keys={"fit": "dataset.fit"})


def told(before: dict[str, object], after: dict[str, object]) -> list[str]:
    return own_changes(STAGE, {"settings": before}, {"settings": after})


def test_a_setting_that_one_side_lacks_is_told_in_words() -> None:
    assert told({}, {"fit": "pad"}) == ["dataset.fit: now pad; the earlier result was made without this setting"]
    assert told({"fit": "pad"}, {}) == ["dataset.fit: was pad; no longer set"]
    assert told({"fit": "pad"}, {"fit": "crop"}) == ["dataset.fit: pad -> crop"]


def test_what_is_left_out_at_a_value_is_told_as_that_value() -> None:
    stage = replace(STAGE, left_out={"fit": "crop"})
    absent, pad = {"settings": {"size": 8}}, {"settings": {"size": 8, "fit": "pad"}}
    assert own_changes(stage, absent, pad) == ["dataset.fit: crop -> pad"]
    assert own_changes(stage, pad, absent) == ["dataset.fit: pad -> crop"]
    assert own_changes(stage, absent, absent) == []


def test_what_is_to_do_is_said_plainly() -> None:
    assert to_do_reason(1, 1) == expected_reason(1, 1) == "to do"
    assert to_do_reason(5, 5) == "all 5 shards to do"
    assert to_do_reason(2, 5, 3) == "2 of 5 shards to do (3 unchanged since the last result)"
    assert to_do_reason(2, 5) == expected_reason(2, 5) == "2 of 5 shards to do"
    assert expected_reason(0, 5) == "nothing that it reads is expected to change"
