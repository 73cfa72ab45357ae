"""What a user's code can change of the whole process, and how each of it is read and put back.

A script that a model comes from was written for a process of its own: it switches gradients off, makes float64 the
default, silences warnings. Here the process goes on to train and to explain.

Left alone, because a model may go on to use them: environment variables, imported modules and patches of them,
files, threads and processes that it started. `sys.path` is the business of whoever imports the code.
"""

import gc
import locale
import logging
import operator
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import threadpoolctl
import torch
from PIL import Image, ImageFile

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM", "SIGUSR1") if hasattr(signal, name)
)
LOGGER = "sane"


@dataclass(frozen=True)
class Guarded:
    """A part of the process's state.

    Attributes:
        name: for a line of the log.
        read: returns its value, not to change with the state.
        restore: makes a value that was read the present one.
        is_lent: a model may compute with the value that its code set, so that it finds it again whenever it is called.
        is_equal: whether the second value leaves things as they were with the first.
        is_usual: ordinary code changes it, so that nobody needs to be told: a network draws its first weights.
    """

    name: str
    read: Callable[[], Any]
    restore: Callable[[Any], None]
    is_lent: bool = False
    is_equal: Callable[[Any, Any], bool] = operator.eq
    is_usual: bool = False


def _default_device() -> torch.device | None:
    device = torch.get_default_device()
    return None if device == torch.device("cpu") else device


def _restore_deterministic(flags: tuple[bool, bool, bool, bool, bool]) -> None:
    torch.use_deterministic_algorithms(flags[0], warn_only=flags[1])
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark, torch.backends.cudnn.enabled = flags[2:]


def _deterministic() -> tuple[bool, bool, bool, bool, bool]:
    cudnn = torch.backends.cudnn
    algorithms = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    return (*algorithms, cudnn.deterministic, cudnn.benchmark, cudnn.enabled)


def _with_precision() -> tuple[Any, ...]:
    """Return what has a precision of its own; the second is that of products on CUDA, the fourth of convolutions."""
    backends: Any = torch.backends
    cudnn, mkldnn = backends.cudnn, backends.mkldnn
    on_cuda = backends.cuda.matmul, cudnn, cudnn.conv, cudnn.rnn
    return (backends, *on_cuda, mkldnn, mkldnn.matmul, mkldnn.conv, mkldnn.rnn)


def _float32_precision() -> tuple[str, ...]:
    return tuple(owner.fp32_precision for owner in _with_precision())


def _restore_float32_precision(values: tuple[str, ...]) -> None:
    # Torch has an older set of the same switches and refuses to read either where the two disagree.
    torch.set_float32_matmul_precision("high" if values[1] == "tf32" else "highest")
    torch.backends.cudnn.allow_tf32 = values[3] == "tf32"
    for owner, value in zip(_with_precision(), values, strict=True):
        owner.fp32_precision = value


def _autocast() -> tuple[tuple[str, bool, torch.dtype], ...]:
    kinds = ("cpu", "cuda")
    return tuple((kind, torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind)) for kind in kinds)


def _restore_autocast(values: tuple[tuple[str, bool, torch.dtype], ...]) -> None:
    for kind, is_enabled, dtype in values:
        torch.set_autocast_enabled(kind, is_enabled)
        torch.set_autocast_dtype(kind, dtype)


def _flushes_denormals() -> bool:
    # Torch can set it and not tell it; by a product that is no normal number.
    return bool(np.float64(2.0**-1022) * np.float64(0.5) == 0)


def _restore_denormals(flushes: bool) -> None:
    torch.set_flush_denormal(flushes)


def _restore_anomaly_detection(is_enabled: bool) -> None:
    torch.autograd.set_detect_anomaly(is_enabled)


def _numpy_errors() -> tuple[dict[str, Any], object]:
    return dict(np.geterr()), np.geterrcall()


def _restore_numpy_errors(values: tuple[dict[str, Any], Any]) -> None:
    np.seterr(**values[0])
    np.seterrcall(values[1])


def _working_directory() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return None


def _restore_working_directory(folder: str | None) -> None:
    if folder is not None:
        os.chdir(folder)


def _restore_warnings(values: tuple[list[Any], Any]) -> None:
    # By way of resetwarnings, which makes Python forget what it found with the filters of before.
    warnings.resetwarnings()
    warnings.filters[:] = values[0]  # type: ignore[index]
    warnings.showwarning = values[1]


def _signal_handlers() -> tuple[Any, ...]:
    # Only the main thread can change them, and put them back.
    if threading.current_thread() is not threading.main_thread():
        return ()
    return tuple(signal.getsignal(number) for number in SIGNALS)


def _restore_signal_handlers(handlers: tuple[Any, ...]) -> None:
    for number, handler in zip(SIGNALS, handlers, strict=False):
        if handler is not None:  # one that is not Python's
            signal.signal(number, handler)


def _streams_and_hooks() -> tuple[Any, ...]:
    return (
        sys.stdin,
        sys.stdout,
        sys.stderr,
        sys.excepthook,
        sys.unraisablehook,
        sys.displayhook,
        threading.excepthook,
    )


def _restore_streams_and_hooks(values: tuple[Any, ...]) -> None:
    sys.stdin, sys.stdout, sys.stderr, sys.excepthook, sys.unraisablehook, sys.displayhook = values[:6]
    threading.excepthook = values[6]


def _logging() -> tuple[Any, ...]:
    loggers = logging.getLogger(), logging.getLogger(LOGGER)
    own = [(one.level, one.disabled, one.propagate, tuple(one.handlers)) for one in loggers]
    return (logging.root.manager.disable, *own)


def _restore_logging(values: tuple[Any, ...]) -> None:
    logging.disable(values[0])
    for logger, (level, disabled, propagate, handlers) in zip(
        (logging.getLogger(), logging.getLogger(LOGGER)), values[1:], strict=True
    ):
        logger.setLevel(level)
        logger.disabled, logger.propagate, logger.handlers = disabled, propagate, list(handlers)


def _restore_arguments(values: list[str]) -> None:
    sys.argv = list(values)


def _restore_garbage_collection(is_enabled: bool) -> None:
    (gc.enable if is_enabled else gc.disable)()


def _restore_locale(value: str) -> None:
    locale.setlocale(locale.LC_ALL, value)


def _pillow_limits() -> tuple[Any, bool]:
    return Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES


def _restore_pillow_limits(values: tuple[Any, bool]) -> None:
    Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = values


# Around every call: about sixty microseconds for all of them.
AROUND_EACH_CALL: tuple[Guarded, ...] = (
    Guarded("gradients", torch.is_grad_enabled, torch.set_grad_enabled),  # type: ignore[arg-type]
    Guarded("default dtype", torch.get_default_dtype, torch.set_default_dtype, is_lent=True),
    Guarded("default device", _default_device, torch.set_default_device, is_lent=True),
    Guarded("deterministic algorithms and cuDNN", _deterministic, _restore_deterministic),
    Guarded("precision of float32", _float32_precision, _restore_float32_precision),
    Guarded("autocast", _autocast, _restore_autocast),
    Guarded("flushing of denormals", _flushes_denormals, _restore_denormals),
    Guarded("anomaly detection", torch.is_anomaly_enabled, _restore_anomaly_detection),
    Guarded("threads of torch", torch.get_num_threads, torch.set_num_threads),
    Guarded("numpy's error state", _numpy_errors, _restore_numpy_errors, is_lent=True),
    Guarded("working directory", _working_directory, _restore_working_directory, is_lent=True),
    Guarded("sys.argv", lambda: list(sys.argv), _restore_arguments),
    Guarded("recursion limit", sys.getrecursionlimit, sys.setrecursionlimit, is_lent=True),
    # Many libraries set filters of their own where they are first imported.
    Guarded(
        "warnings filters",
        lambda: (list(warnings.filters), warnings.showwarning),
        _restore_warnings,
        is_usual=True,
    ),
    Guarded("signal handlers", _signal_handlers, _restore_signal_handlers),
    Guarded("standard streams and hooks", _streams_and_hooks, _restore_streams_and_hooks),
    Guarded("logging", _logging, _restore_logging),
    Guarded("garbage collection", gc.isenabled, _restore_garbage_collection),
    Guarded("locale", lambda: locale.setlocale(locale.LC_ALL), _restore_locale, is_lent=True),
    Guarded("Pillow's limits", _pillow_limits, _restore_pillow_limits),
)


def _random_states() -> tuple[Any, ...]:
    kind, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002
    on_cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]
    states = [torch.get_rng_state(), *on_cuda]
    return (random.getstate(), (kind, np.asarray(keys).tobytes(), *rest), [state.numpy().tobytes() for state in states])


def _restore_random_states(values: tuple[Any, ...]) -> None:
    of_python, (kind, keys, *rest), of_torch = values
    random.setstate(of_python)
    np.random.set_state((kind, np.frombuffer(keys, dtype=np.uint32), *rest))  # noqa: NPY002
    states = [torch.frombuffer(bytearray(state), dtype=torch.uint8) for state in of_torch]
    torch.set_rng_state(states[0])
    if len(states) > 1:
        torch.cuda.set_rng_state_all(states[1:])


def _same_random_states(before: tuple[Any, ...], after: tuple[Any, ...]) -> bool:
    # Generators of CUDA that are there only now are no change.
    return before[:2] == after[:2] and all(one == other for one, other in zip(before[2], after[2], strict=False))


def _library_threads() -> dict[str, int]:
    return {library.filepath: library.num_threads for library in _libraries()}


def _libraries() -> list[Any]:
    return list(threadpoolctl.ThreadpoolController().lib_controllers)


def _restore_library_threads(threads: dict[str, int]) -> None:
    for library in _libraries():
        if library.num_threads != threads.get(library.filepath, library.num_threads):
            library.set_num_threads(threads[library.filepath])


def _same_threads(before: dict[str, int], after: dict[str, int]) -> bool:
    # A library that was loaded meanwhile is no change.
    return all(after.get(path, count) == count for path, count in before.items())


def _figure_settings() -> dict[str, Any] | None:
    # Not imported here: most processes draw nothing. Importing pyplot resolves the backend; figures here name theirs.
    matplotlib = sys.modules.get("matplotlib")
    return None if matplotlib is None else _without_backend(matplotlib.rcParams)


def _without_backend(settings: Any) -> dict[str, Any]:
    return {name: dict.__getitem__(settings, name) for name in settings if name != "backend"}


def _as_imported() -> dict[str, Any]:
    return _without_backend(sys.modules["matplotlib"].rcParamsOrig)


def _same_figure_settings(before: dict[str, Any] | None, after: dict[str, Any] | None) -> bool:
    return after is None or after == (_as_imported() if before is None else before)


def _restore_figure_settings(values: dict[str, Any] | None) -> None:
    dict.update(sys.modules["matplotlib"].rcParams, _as_imported() if values is None else values)


# Around import and factory, which run once: these take milliseconds. Not around calls: a random model would draw the
# same numbers each time, and look deterministic to the checks.
AROUND_LOADING: tuple[Guarded, ...] = (
    *AROUND_EACH_CALL,
    Guarded("random generators", _random_states, _restore_random_states, is_equal=_same_random_states, is_usual=True),
    Guarded("threads of BLAS and OpenMP", _library_threads, _restore_library_threads, is_equal=_same_threads),
    Guarded("matplotlib's settings", _figure_settings, _restore_figure_settings, is_equal=_same_figure_settings),
)
