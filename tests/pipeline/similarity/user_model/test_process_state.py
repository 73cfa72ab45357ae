"""Each part of the process's state that is guarded: changed by a user's code, and back afterwards."""

import gc
import locale
import logging
import os
import random
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import threadpoolctl
import torch
from PIL import Image, ImageFile

from pipeline.similarity.user_model.process_state import AROUND_EACH_CALL, AROUND_LOADING, Guarded
from pipeline.similarity.user_model.user_code import ProcessGuard

BY_NAME = {state.name: state for state in AROUND_LOADING}


def assign(owner: object, name: str, value: object) -> Callable[[], None]:
    return lambda: setattr(owner, name, value)


def change_figures() -> None:
    import matplotlib

    matplotlib.rcParams["font.size"] = 23


def quiet_logging() -> None:
    logging.getLogger("sane").disabled = True


def own_handler(number: int, frame: object) -> None:
    """Do nothing."""


# What a user's code does, by the state that it changes by it.
CHANGES: dict[str, Sequence[Callable[[], object]]] = {
    "gradients": [lambda: torch.set_grad_enabled(not torch.is_grad_enabled())],
    "default dtype": [lambda: torch.set_default_dtype(torch.float64)],
    "default device": [lambda: torch.set_default_device("meta")],
    "deterministic algorithms and cuDNN": [
        lambda: torch.use_deterministic_algorithms(True, warn_only=True),
        assign(torch.backends.cudnn, "benchmark", True),
        assign(torch.backends.cudnn, "deterministic", True),
    ],
    "precision of float32": [
        lambda: torch.set_float32_matmul_precision("medium"),
        assign(torch.backends.cuda.matmul, "allow_tf32", True),
        assign(torch.backends.cuda.matmul, "fp32_precision", "tf32"),
        assign(torch.backends, "fp32_precision", "tf32"),
    ],
    "autocast": [lambda: torch.autocast("cpu", dtype=torch.bfloat16).__enter__()],
    "flushing of denormals": [lambda: torch.set_flush_denormal(True)],
    "anomaly detection": [lambda: torch.autograd.set_detect_anomaly(True)],
    "threads of torch": [lambda: torch.set_num_threads(torch.get_num_threads() + 1)],
    "numpy's error state": [lambda: np.seterr(all="raise"), lambda: np.seterrcall(print)],
    "working directory": [lambda: os.chdir(tempfile.gettempdir())],
    "sys.argv": [lambda: sys.argv.append("--mine"), assign(sys, "argv", ["mine"])],
    "recursion limit": [lambda: sys.setrecursionlimit(sys.getrecursionlimit() + 1)],
    "warnings filters": [
        lambda: warnings.simplefilter("ignore"),
        assign(warnings, "showwarning", lambda *_: None),
    ],
    "signal handlers": [
        lambda: signal.signal(signal.SIGINT, own_handler),
        lambda: signal.signal(signal.SIGTERM, own_handler),
    ],
    "standard streams and hooks": [
        assign(sys, "stdout", sys.stderr),
        assign(sys, "excepthook", lambda *_: None),
        assign(threading, "excepthook", lambda *_: None),
    ],
    "logging": [
        lambda: logging.disable(logging.CRITICAL),
        quiet_logging,
        lambda: logging.getLogger().setLevel(logging.DEBUG),
        lambda: logging.getLogger().addHandler(logging.NullHandler()),
    ],
    "garbage collection": [lambda: (gc.disable if gc.isenabled() else gc.enable)()],
    "locale": [lambda: locale.setlocale(locale.LC_ALL, "C" if locale.setlocale(locale.LC_ALL) != "C" else "C.UTF-8")],
    "Pillow's limits": [
        assign(Image, "MAX_IMAGE_PIXELS", None),
        assign(ImageFile, "LOAD_TRUNCATED_IMAGES", True),
    ],
    "random generators": [
        lambda: torch.manual_seed(3),
        lambda: random.seed(3),
        lambda: np.random.seed(3),  # noqa: NPY002
    ],
    "threads of BLAS and OpenMP": [
        lambda: threadpoolctl.threadpool_limits(
            1 + max(pool["num_threads"] for pool in threadpoolctl.threadpool_info())
        )
    ],
    "matplotlib's settings": [change_figures],
}


def pools(one: Guarded, other: Guarded) -> bool:
    return one.name.startswith("threads") and other.name.startswith("threads")


def test_there_is_a_change_for_all_that_is_guarded() -> None:
    assert set(CHANGES) == set(BY_NAME)
    assert set(AROUND_EACH_CALL) < set(AROUND_LOADING)


CASES = [(name, number) for name, changes in CHANGES.items() for number in range(len(changes))]


@pytest.mark.parametrize(("name", "number"), CASES)
def test_what_a_users_code_changes_is_put_back(name: str, number: int) -> None:
    import matplotlib  # noqa: F401

    state = BY_NAME[name]
    before = state.read()
    try:
        with ProcessGuard().around(AROUND_LOADING):
            CHANGES[name][number]()
            # Without the guard it would stay: the case is one.
            assert not state.is_equal(before, state.read())
        assert state.is_equal(before, state.read())
        # No other one puts it back, but for the two that count one pool of threads.
        with ProcessGuard().around([one for one in AROUND_LOADING if one is not state and not pools(one, state)]):
            CHANGES[name][number]()
        assert not state.is_equal(before, state.read())
    finally:
        state.restore(before)


def test_settings_of_a_matplotlib_that_the_users_code_imports_first_are_those_of_its_import(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import matplotlib

    state = BY_NAME["matplotlib's settings"]
    size = matplotlib.rcParams["font.size"]
    monkeypatch.delitem(sys.modules, "matplotlib")
    with ProcessGuard().around([state]):
        monkeypatch.setitem(sys.modules, "matplotlib", matplotlib)
        change_figures()
    assert matplotlib.rcParams["font.size"] == matplotlib.rcParamsOrig["font.size"] == size


def test_a_working_directory_that_is_gone_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tempfile.mkdtemp()
    monkeypatch.chdir(folder)
    os.rmdir(folder)
    with ProcessGuard().around(AROUND_EACH_CALL):
        pass


def test_another_thread_leaves_signals_alone() -> None:
    errors: list[BaseException] = []

    def body() -> None:
        try:
            with ProcessGuard().around(AROUND_LOADING):
                torch.set_default_dtype(torch.float64)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert not errors
    assert torch.get_default_dtype() == torch.float32


def test_states_have_names_of_their_own() -> None:
    assert len({state.name for state in AROUND_LOADING}) == len(AROUND_LOADING)
    assert all(isinstance(state, Guarded) for state in AROUND_LOADING)
