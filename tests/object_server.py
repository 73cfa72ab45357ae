"""An S3 server on 127.0.0.1 that keeps objects in memory, counts requests, and fails or forgets when told to."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from stores.object_files import open_file_system

Application: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Fault: TypeAlias = Callable[[dict[str, Any]], bool]

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "a-test",
    "AWS_SECRET_ACCESS_KEY": "a-test",
    "AWS_DEFAULT_REGION": "us-east-1",
    # Whatever the user's own files say must not reach the tests.
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass
class ObjectServer:
    """A running server.

    Attributes:
        url: its endpoint.
        bucket: the newest bucket.
        requests: (method, path with query) of every request so far.
        refuse: for the requests it names, answer with this status and body instead of doing the work.
        forget: for the requests it names, do the work and answer 500, as if the answer were lost on its way.
        ignore_conditions: overwrite whatever the request's If-None-Match says, as some servers do.
    """

    url: str = ""
    bucket: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    refuse: tuple[Fault, int, str] | None = None
    forget: Fault | None = None
    ignore_conditions: bool = False
    _writing: threading.Lock = field(default_factory=threading.Lock)

    def environment(self) -> dict[str, str]:
        """The standard variables that lead to this server."""
        return {**ENVIRONMENT, "AWS_ENDPOINT_URL": self.url}

    @property
    def root(self) -> str:
        """A store's root in the newest bucket."""
        return f"s3://{self.bucket}/run"

    def counts(self) -> Counter[str]:
        """How many requests of each method came."""
        return Counter(method for method, _ in self.requests)

    def reset(self) -> None:
        """Forget the requests and be a well-behaved server again."""
        self.requests.clear()
        self.refuse, self.forget, self.ignore_conditions = None, None, False

    def wrap(self, application: Application) -> Application:
        """Return the application with this server's log, lock and faults."""

        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            query = environ.get("QUERY_STRING", "")
            self.requests.append((environ["REQUEST_METHOD"], environ["PATH_INFO"] + ("?" + query if query else "")))
            if self.ignore_conditions:
                environ.pop("HTTP_IF_NONE_MATCH", None)
            if self.refuse is not None and self.refuse[0](environ):
                return _answer(start_response, *self.refuse[1:])
            forgets = self.forget is not None and self.forget(environ)
            # S3 looks and writes in one step; moto, with its threads, in two.
            with self._writing:
                body = list(application(environ, _nowhere if forgets else start_response))
            if forgets:
                self.forget = None
                return _answer(start_response, 500, error_body("InternalError"))
            return body

        return answer


def make_bucket(server: ObjectServer) -> None:
    """Make the server's next bucket, and forget the request for it."""
    number = int(server.bucket.rpartition("-")[2] or 0) + 1
    server.bucket = f"bucket-{number}"
    file_system, _ = open_file_system(server.root)
    file_system.call_s3("create_bucket", Bucket=server.bucket)
    server.requests.clear()


def serve_objects() -> Iterator[ObjectServer]:
    """Give a running server; it stops when the generator goes on."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    server = ObjectServer()
    application = server.wrap(DomainDispatcherApplication(create_backend_app))
    listener = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Quiet.of(MotoRequestHandler))
    server.url = f"http://127.0.0.1:{listener.server_port}"
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


class _Quiet:
    """Makes a request handler that writes no log."""

    @staticmethod
    def of(handler: type) -> type:
        return type("QuietHandler", (handler,), {"log": lambda *_: None})


def _nowhere(*_: object) -> Callable[[bytes], None]:
    return lambda data: None


def requests_for(ending: str, method: str = "PUT") -> Fault:
    """Return what names the requests of this method whose path ends so."""
    return lambda environ: environ["REQUEST_METHOD"] == method and environ["PATH_INFO"].endswith(ending)


def once(fault: Fault) -> Fault:
    """Return what names only the first request that the fault names."""
    seen: list[bool] = []

    def first(environ: dict[str, Any]) -> bool:
        if seen or not fault(environ):
            return False
        seen.append(True)
        return True

    return first


def error_body(code: str) -> str:
    """Return S3's answer for an error."""
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>told to say {code}</Message></Error>"


def _answer(start_response: Callable[..., Any], status: int, body: str) -> list[bytes]:
    data = body.encode()
    start_response(f"{status} told", [("Content-Type", "application/xml"), ("Content-Length", str(len(data)))])
    return [data]
