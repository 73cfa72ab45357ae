"""`sane study collect`: a small server on 127.0.0.1 that serves the pages of a study and keeps answers.

It serves files that it found at its start by their exact names, takes rows of answers that fit the design, and appends
them to one file. Nothing of a request becomes a path, and nothing is unpickled or run.
"""

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from flows.study.answer_file import AnswerFile
from flows.study.written import ANSWERS, DESIGN, PAGES, read_designs
from pipeline.errors import BadDataset, BadSetting
from pipeline.study.pages import INDEX

ADDRESS: Final = "127.0.0.1"
LARGEST_BODY_BYTES: Final = 64 * 1024
_TIMEOUT_SECONDS: Final = 20
_CSV: Final = "text/csv"
_KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".jpg": "image/jpeg",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Collector(ThreadingHTTPServer):
    """The server of one study's folder.

    Args:
        folder: as `sane study make` wrote it.
        port: 0 for any that is free.

    Raises:
        BadDataset: the folder holds no study, or malformed answers.
        BadSetting: the port cannot be used.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, folder: Path, port: int) -> None:
        designs = read_designs(folder / DESIGN)
        self.answers = AnswerFile(folder / ANSWERS, designs)
        self.files = _files(folder / PAGES)
        if f"/{INDEX}" not in self.files:
            raise BadDataset(
                expected=f"a folder made by `sane study make`, with {PAGES}/{INDEX}",
                found="none",
                where=str(folder),
                remedy="name that folder",
            )
        try:
            super().__init__((ADDRESS, port), _Handler)
        except (OSError, OverflowError) as error:
            raise BadSetting(
                expected="a free port", found=str(error), where=f"--port {port}", remedy="choose another, or 0 for any"
            ) from error

    @property
    def url(self) -> str:
        """Where subjects begin."""
        return f"http://{ADDRESS}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of connections that break off; there is nothing to be done about them."""


def _files(pages: Path) -> dict[str, Path]:
    """Return the files that are served, by path in the address; links are left out."""
    found = {}
    for path in sorted(pages.rglob("*")) if pages.is_dir() else []:
        within = path.relative_to(pages)
        is_link = any((pages / part).is_symlink() for part in (within, *within.parents))
        if path.is_file() and path.suffix in _KINDS and not is_link:
            found[f"/{within.as_posix()}"] = path
    if f"/{INDEX}" in found:
        found["/"] = found[f"/{INDEX}"]
    return found


class _Handler(BaseHTTPRequestHandler):
    """Answers GET of files and of the next form, and POST of answers."""

    server: Collector
    protocol_version = "HTTP/1.1"
    timeout = _TIMEOUT_SECONDS
    server_version = "sane"
    sys_version = ""

    def do_GET(self) -> None:
        """Serve a page, or say which form comes next."""
        if not self._is_meant():
            return
        address = urlsplit(self.path)
        if address.path in ("/form", "/collects"):
            self._tell_of_study(address.path, address.query)
            return
        path = self.server.files.get(address.path)
        if path is None:
            self._tell(HTTPStatus.NOT_FOUND, {"error": "no such page"})
            return
        self._send(HTTPStatus.OK, _KINDS[path.suffix], path.read_bytes())

    do_HEAD = do_GET

    def _tell_of_study(self, path: str, query: str) -> None:
        """Hand out a form, or only say that answers of a study are collected here."""
        try:
            study = parse_qs(query, max_num_fields=4).get("study", [""])[0]
        except ValueError:
            study = ""
        if not self.server.answers.collects(study):
            self._tell(HTTPStatus.NOT_FOUND, {"error": "no such study"})
        elif path == "/form" and self.command == "GET":
            self._tell(HTTPStatus.OK, {"study": study, "form": self.server.answers.next_form(study)})
        else:
            self._tell(HTTPStatus.OK, {"study": study})

    def do_POST(self) -> None:
        """Keep answers."""
        if not self._is_meant():
            return
        length = self.headers.get("Content-Length", "")
        if urlsplit(self.path).path != "/answers":
            self._refuse(HTTPStatus.NOT_FOUND, "no such page")
        elif self.headers.get_content_type() != _CSV:
            # Pages of other sites cannot send this type without asking, and they are not answered.
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"expected {_CSV}")
        elif not (length.isascii() and length.isdigit() and len(length) < 9):
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "expected Content-Length")
        elif int(length) > LARGEST_BODY_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"expected at most {LARGEST_BODY_BYTES} bytes")
        else:
            self._take(self.rfile.read(int(length)))

    def _take(self, body: bytes) -> None:
        try:
            saved = self.server.answers.append(body.decode("utf-8"))
        except UnicodeDecodeError:
            self._tell(HTTPStatus.BAD_REQUEST, {"error": "expected text in UTF-8"})
        except BadDataset as error:
            self._tell(HTTPStatus.BAD_REQUEST, {"error": f"{error.where}: expected {error.expected}"})
        except BadSetting as error:
            self._tell(HTTPStatus.INSUFFICIENT_STORAGE, {"error": error.found})
        else:
            self._tell(HTTPStatus.OK, {"saved": saved})

    def _is_meant(self) -> bool:
        """Refuse requests that name another host: pages of other sites that point a name of theirs at this address."""
        host = self.headers.get("Host", "")
        if host in (f"{ADDRESS}:{self.server.server_port}", f"localhost:{self.server.server_port}"):
            return True
        self._refuse(HTTPStatus.FORBIDDEN, "expected this host's own name")
        return False

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        """Answer and close, since the body was not read."""
        self.close_connection = True
        self._tell(status, {"error": text})

    def _tell(self, status: HTTPStatus, values: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(values).encode())

    def _send(self, status: HTTPStatus, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Content-Security-Policy", _POLICY)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: addresses of subjects are nobody's business."""
