"""Reasons as people read them: a line for what is waited for and one for code, however many modules changed."""

from flows.engine.short_reasons import code_note, in_short, keeping, state_text

CODE = [f"code.pipeline.module_{number}: code changed" for number in range(12)]


def test_code_is_told_in_one_line_at_the_place_of_the_first_module() -> None:
    assert in_short(["first", *CODE, "saliency.rise.masks: 24 -> 25"]) == [
        "first",
        "code changed: 12 modules, such as pipeline.module_0",
        "saliency.rise.masks: 24 -> 25",
    ]
    assert in_short(CODE[:1]) == ["code changed: pipeline.module_0"]


def test_what_is_waited_for_is_told_in_one_line() -> None:
    assert in_short(["will be checked after images"]) == ["after images"]
    assert in_short(["will be checked after images, pairs.test", "never made"]) == ["after pairs.test and 1 more"]
    # A stage that waits for nothing says that it was never made.
    assert in_short(["never made"]) == ["never made"]


def test_all_else_stays_as_it_is() -> None:
    reasons = ["similarity_model.factory: your code changed", "images: 14019: attributes changed", "to do"]
    assert in_short(reasons) == reasons


def test_the_way_to_keep_results_is_named_where_code_changed() -> None:
    assert code_note([["to do"], CODE]) == [code_note([CODE])[0]]
    assert "--adopt all" in code_note([CODE])[0]
    assert code_note([["to do"], ["similarity_model.factory: your code changed"]]) == []
    assert "--adopt all" in keeping([["to do"], CODE])
    assert keeping([["to do"]]) == ""


def test_a_state_is_told_with_its_first_reason() -> None:
    assert state_text("stale", ["seed: 0 -> 3", "first"]) == "stale: seed: 0 -> 3"
    assert state_text("partial", []) == "partial"
