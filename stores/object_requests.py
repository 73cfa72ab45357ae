"""Asking an object store, with a limit on the time that all repetitions of a request may take together.

A client repeats a request that is not answered, and each layer of it counts for itself: with the settings that S3
clients come with, a server that accepts connections and never answers keeps one request for most of an hour.
"""

import concurrent.futures
import logging
from dataclasses import dataclass
from typing import Any

from stores.errors import UnreachableStore

LOG = logging.getLogger("sane")
REQUEST_TIMEOUT_S = 120.0
NOTICE_S = 10.0


@dataclass(frozen=True)
class ObjectRequests:
    """The requests to one file system.

    Attributes:
        file_system: an fsspec file system. Only of one that works asynchronously, as those of object stores do, can
            a request be given up; others keep to the limits of their own.
        timeout_s: for each request, its repetitions and the transfer of its data included.
        notice_s: after which a line on the log says what is waited for.
    """

    file_system: Any
    timeout_s: float = REQUEST_TIMEOUT_S
    notice_s: float = NOTICE_S

    def ask(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Return what a method of the file system returns, such as "cat_file".

        Raises:
            UnreachableStore: when there is no answer in time.
            Exception: whatever the file system raises.
        """
        if not getattr(self.file_system, "async_impl", False):
            return getattr(self.file_system, method)(*arguments, **named)
        import asyncio

        # fsspec's own convention: the asynchronous method has the name of the other with an underscore.
        work = getattr(self.file_system, f"_{method}")(*arguments, **named)
        answer = asyncio.run_coroutine_threadsafe(work, self.file_system.loop)
        notice_s = min(self.notice_s, self.timeout_s)
        try:
            is_late = answer not in concurrent.futures.wait([answer], timeout=notice_s).done
            if is_late and notice_s < self.timeout_s:
                LOG.warning(
                    "no answer from the object store to %s for %.0f s; giving up after %.0f s in all",
                    self._asked(method, arguments, named),
                    notice_s,
                    self.timeout_s,
                )
            if answer in concurrent.futures.wait([answer], timeout=self.timeout_s - notice_s).done:
                return answer.result()
        finally:
            # Also when the wait is interrupted: nobody asks for this answer any more.
            answer.cancel()
        raise UnreachableStore(
            expected=f"an answer from the object store within {self.timeout_s:g} s, all repetitions together",
            found="none",
            where=self._asked(method, arguments, named),
            remedy="check the network and AWS_ENDPOINT_URL, and run again: finished shards are kept; where the "
            "connection is slow, raise store.request_timeout_seconds",
        )

    def _asked(self, method: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> str:
        if method == "call_s3":
            return f"s3://{named.get('Bucket', '')}/{named.get('Key', '')} ({arguments[0]})"
        return str(self.file_system.unstrip_protocol(str(arguments[0])))
