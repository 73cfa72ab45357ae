"""Running a user's code: how it ends, what it finds again, and what is logged."""

import logging
import signal

import numpy as np
import pytest
import torch

from pipeline.errors import BadModel
from pipeline.similarity.user_model.process_state import AROUND_EACH_CALL, AROUND_LOADING
from pipeline.similarity.user_model.user_code import ProcessGuard, ending_remedy, error_text, errors_as
from tests.log_lines import logged_lines


class OwnError(BaseException):
    """Like those of test runners: no Exception."""


def refused(error: BaseException) -> BadModel:
    return BadModel(expected="vectors", found=error_text(error), where="here", remedy=ending_remedy(error, "mend it"))


@pytest.mark.parametrize(
    ("error", "found", "remedy"),
    [
        (ValueError("no"), "ValueError: no", "mend it"),
        (SystemExit(0), "SystemExit: 0", "__main__"),
        (SystemExit(), "SystemExit", "__main__"),
        (GeneratorExit(), "GeneratorExit", "mend it"),
        (StopIteration(3), "StopIteration: 3", "mend it"),
        (OwnError("own"), "OwnError: own", "mend it"),
    ],
)
def test_however_a_users_code_ends_it_is_an_error_of_the_model(error: BaseException, found: str, remedy: str) -> None:
    def ends() -> None:
        with errors_as(refused), ProcessGuard().around(AROUND_EACH_CALL):
            torch.set_default_dtype(torch.float64)
            raise error

    with pytest.raises(BadModel) as raised:
        ends()
    assert raised.value.found == found
    assert remedy in raised.value.remedy
    assert raised.value.__cause__ is error
    assert torch.get_default_dtype() == torch.float32


def test_an_interrupt_and_full_memory_stay_what_they_are() -> None:
    for error in (KeyboardInterrupt(), torch.OutOfMemoryError("full")):
        with pytest.raises(type(error)), errors_as(refused):
            raise error


def test_what_a_handler_of_a_signal_raises_is_an_interrupt() -> None:
    def stop(number: int, frame: object) -> None:
        raise OwnError("asked to end")

    before = signal.signal(signal.SIGTERM, stop)
    try:
        with pytest.raises(OwnError), errors_as(refused):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_models_code_finds_again_what_it_may_compute_with_and_nothing_else() -> None:
    guard = ProcessGuard()
    with guard.around(AROUND_LOADING):
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        np.seterr(over="raise")
    assert torch.is_grad_enabled()
    assert np.geterr()["over"] == "warn"
    for one in (guard, guard.copy()):
        with one.around(AROUND_EACH_CALL):
            assert torch.zeros(1).dtype == torch.float64
            assert np.geterr()["over"] == "raise"
            assert torch.is_grad_enabled()
        assert torch.zeros(1).dtype == torch.float32
    with guard.around(AROUND_EACH_CALL):
        torch.set_default_dtype(torch.float32)
    with guard.around(AROUND_EACH_CALL):
        assert torch.zeros(1).dtype == torch.float32
    with ProcessGuard().around(AROUND_EACH_CALL):
        assert torch.zeros(1).dtype == torch.float32


def test_what_was_put_back_is_logged_once() -> None:
    guard = ProcessGuard("my_model:build")
    with logged_lines() as lines:
        for _ in range(3):
            with guard.around(AROUND_EACH_CALL):
                torch.set_default_dtype(torch.float64)
        with guard.copy().around(AROUND_EACH_CALL):
            # The log itself is among what is put back.
            logging.disable(logging.CRITICAL)
            torch.set_default_dtype(torch.float64)
    assert lines == [
        "my_model:build changed and sane put back: default dtype",
        "my_model:build changed and sane put back: logging",
    ]


def test_random_generators_run_on_between_calls() -> None:
    """Put back around each call, they would make a random model draw the same numbers every time."""
    guard = ProcessGuard()
    drawn = []
    for _ in range(2):
        with guard.around(AROUND_EACH_CALL):
            drawn.append(float(torch.rand(1)))
    assert drawn[0] != drawn[1]
