"""Whether the process behind a record is still alive: who it is, when its last heartbeat was, and what writes them.

A record of something that goes on (a lease, a run) is only worth believing while its process lives. On the same
machine the operating system tells; from anywhere else only the age of the last heartbeat does.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from stores.manifests import created_now, moment_of
from stores.record_fields import Instant

LOG = logging.getLogger("sane")
EXPIRY_S = 60.0
BEAT_S = 10.0

SIGN_FIELDS: dict[str, Any] = {
    "host": str,
    "machine": str,
    "pid": int,
    "process_began": str,
    "heartbeat": Instant,
    "expiry_s": float,
}
"""The fields, with their types, that a record needs for `SignOfLife.from_fields`."""

_ENDED = ("Z", "X", "x")


@dataclass(frozen=True)
class SignOfLife:
    """The process behind a record, and its last heartbeat.

    Attributes:
        host: name of its machine, for people.
        machine: tells the machine, its boot and the set of processes that can see each other; empty where the
            system does not say.
        pid: its number on that machine.
        process_began: tells it from a later process of the same number; empty where the system does not say.
        heartbeat: when it was last known to live, by its own clock.
        expiry_s: seconds without a heartbeat after which it counts as dead.
    """

    host: str
    machine: str
    pid: int
    process_began: str
    heartbeat: str
    expiry_s: float

    @classmethod
    def of_this_process(cls, expiry_s: float = EXPIRY_S) -> "SignOfLife":
        """Return a sign of life of this process, given now."""
        pid = os.getpid()
        return cls(socket.gethostname(), _machine(pid), pid, _process_state(pid)[1], created_now(), expiry_s)

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> "SignOfLife":
        """Return the sign of life that a record's fields hold."""
        return cls(**{name: fields[name] for name in SIGN_FIELDS})

    @property
    def process(self) -> tuple[str, str, int, str]:
        """What names the process, whenever it gave the sign."""
        return self.host, self.machine, self.pid, self.process_began

    def is_over(self) -> bool:
        """Return whether the process counts as dead: known to be gone, or silent for too long.

        The clocks of two machines may differ. A heartbeat from far in the future is as old as one from far in
        the past, so that nobody waits longer than `expiry_s` for a process that is gone.
        """
        if self._is_known_dead():
            return True
        age_s = (datetime.now(UTC) - moment_of(self.heartbeat)).total_seconds()
        return abs(age_s) > self.expiry_s

    def _is_known_dead(self) -> bool:
        if (self.host, self.machine) != (socket.gethostname(), _machine(os.getpid())):
            return False
        state, began = _process_state(self.pid)
        return state in _ENDED or (bool(began) and began != self.process_began)


class Heartbeat:
    """Calls a function every few seconds from a thread of its own, until it returns False or is stopped.

    The thread is a daemon: it ends with the process, whatever way that ends.

    Args:
        beat: returns whether to go on.
        every_s: seconds between calls.
    """

    def __init__(self, beat: Callable[[], bool], every_s: float = BEAT_S) -> None:
        self._beat = beat
        self._every_s = every_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop; after the return the function is not called any more."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._every_s):
            try:
                if not self._beat():
                    return
            except Exception:
                # A thread that ended here would make a living run look dead.
                LOG.warning("a sign of life could not be written; trying again", exc_info=True)


@lru_cache(maxsize=1)
def _machine(pid: int) -> str:
    # By process: after a fork the set of visible processes may be another one.
    del pid
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _process_state(pid: int) -> tuple[str, str]:
    """Return the kernel's letter for what a process does and when it began, in ticks since boot.

    A process that is gone has the letter "X". Without /proc a living one is ("R", "").
    """
    if not os.path.exists("/proc/self/stat"):
        return _state_by_signal(pid), ""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        # Gone, or hidden from other users (mount option hidepid).
        return _state_by_signal(pid), ""
    # The command's name, in brackets, may itself hold spaces and brackets.
    fields = text.rpartition(")")[2].split()
    return fields[0], fields[19]


def _state_by_signal(pid: int) -> str:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return "X"  # gone, or a number that no process can have
    except OSError:
        return "R"  # it exists and belongs to somebody else
    return "R"
