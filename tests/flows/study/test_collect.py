"""The collector keeps answers that fit and nothing else, and serves the pages and nothing else."""

import http.client
import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flows.engine.code_identity import SOURCE_ROOT
from flows.study.answer_file import AnswerFile
from flows.study.collect import LARGEST_BODY_BYTES, Collector
from flows.study.written import read_designs
from pipeline.errors import BadDataset, BadSetting
from pipeline.study.answers import COLUMNS, answer_line
from pipeline.study.design import StudyDesign, design_values
from tests.pipeline.study.toy_study import Subjects, preference_study, simulated_answers

CSV = {"Content-Type": "text/csv"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    study = tmp_path / "study"
    (study / "pages" / "assets").mkdir(parents=True)
    (study / "pages" / "index.html").write_text("<!doctype html>")
    (study / "pages" / "assets" / "study.js").write_text("1;")
    (study / "pages" / "secret.txt").write_text("not a kind that is served")
    (study / "pages" / "link.html").symlink_to(tmp_path / "outside.html")
    (tmp_path / "outside.html").write_text("outside")
    (study / "design.json").write_text(json.dumps(design_values((preference_study().design,))))
    return study


@pytest.fixture
def collector(folder: Path) -> Iterator[Collector]:
    with Collector(folder, 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def design_of(folder: Path) -> StudyDesign:
    return read_designs(folder / "design.json")[0]


def lines(folder: Path, subjects: int = 1) -> list[str]:
    return [
        answer_line(answer) for answer in simulated_answers(design_of(folder), Subjects(lambda _: 1.0), subjects, 0)
    ]


def ask(
    collector: Collector, method: str, path: str, body: str | bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", collector.server_port, timeout=20)
    connection.request(method, path, body, headers or {})
    reply = connection.getresponse()
    found = reply.status, reply.read()
    connection.close()
    return found


def test_answers_are_on_disk_once_they_are_received(collector: Collector, folder: Path) -> None:
    rows = lines(folder)
    assert ask(collector, "POST", "/answers", "".join(rows[:3]), CSV) == (200, b'{"saved": 3}')
    # What is sent again, because the reply was lost, is not kept again.
    assert ask(collector, "POST", "/answers", "".join(rows[:5]), CSV) == (200, b'{"saved": 2}')
    assert (folder / "answers.csv").read_text() == ",".join(COLUMNS) + "\n" + "".join(rows[:5])
    assert AnswerFile(folder / "answers.csv", (design_of(folder),)).count == 5


def test_many_at_once_spoil_nothing(collector: Collector, folder: Path) -> None:
    rows = lines(folder, subjects=12)
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda row: ask(collector, "POST", "/answers", row, CSV)[0], rows))
    assert set(replies) == {200}
    heading, *kept = (folder / "answers.csv").read_text().splitlines(keepends=True)
    assert sorted(kept) == sorted(rows)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda row: row.replace("left", "up").replace("right", "up"), 400),
        (lambda row: "a,b\n", 400),
        (lambda row: b"\xff\xfe" * 20, 400),
        (lambda row: row + "x" * LARGEST_BODY_BYTES, 413),
    ],
)
def test_what_does_not_fit_is_refused_and_not_kept(
    collector: Collector, folder: Path, change: object, status: int
) -> None:
    good, bad = lines(folder)[0], change(lines(folder)[1])  # type: ignore[operator]
    body = good.encode() + (bad if isinstance(bad, bytes) else bad.encode())
    found, text = ask(collector, "POST", "/answers", body, CSV)
    assert found == status
    assert b"error" in text
    assert not (folder / "answers.csv").exists()
    assert ask(collector, "POST", "/answers", good, CSV)[0] == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/json", ""])
def test_pages_of_other_sites_cannot_send_answers(collector: Collector, folder: Path, kind: str) -> None:
    assert ask(collector, "POST", "/answers", lines(folder)[0], {"Content-Type": kind})[0] == 415
    assert ask(collector, "POST", "/answers", lines(folder)[0], {**CSV, "Host": "example.org"})[0] == 403
    assert ask(collector, "GET", "/", headers={"Host": "example.org"})[0] == 403
    assert not (folder / "answers.csv").exists()


def test_a_body_without_a_length_is_refused(collector: Collector) -> None:
    for length in ("", "-1", "many", "9" * 30):
        connection = http.client.HTTPConnection("127.0.0.1", collector.server_port, timeout=20)
        connection.putrequest("POST", "/answers")
        connection.putheader("Content-Type", "text/csv")
        connection.putheader("Content-Length", length)
        connection.endheaders()
        assert connection.getresponse().status == 411
        connection.close()


@pytest.mark.parametrize(
    "path",
    [
        "/../design.json",
        "/..%2fdesign.json",
        "/%2e%2e/design.json",
        "//design.json",
        "/pages/../../design.json",
        "/design.json",
        "/answers.csv",
        "/secret.txt",
        "/link.html",
        "/assets/",
        "/assets/../../design.json",
        "/form",
        "/form?study=" + "0" * 16,
        "/form?" + "study=1&" * 9,
        "/collects?study=",
    ],
)
def test_nothing_but_the_pages_is_served(collector: Collector, path: str) -> None:
    status, text = ask(collector, "GET", path)
    assert status == 404
    assert b"outside" not in text
    assert b"questions" not in text


def test_the_pages_are_served(collector: Collector) -> None:
    assert ask(collector, "GET", "/") == ask(collector, "GET", "/index.html") == (200, b"<!doctype html>")
    assert ask(collector, "GET", "/assets/study.js") == (200, b"1;")
    assert ask(collector, "HEAD", "/") == (200, b"")
    assert ask(collector, "PUT", "/", "x")[0] == 501


def test_forms_are_handed_out_in_turn_after_those_that_are_there(collector: Collector, folder: Path) -> None:
    design = design_of(folder)
    for _ in range(3):
        # Asking alone hands out nothing.
        assert json.loads(ask(collector, "GET", f"/collects?study={design.study}")[1]) == {"study": design.study}
    found = [json.loads(ask(collector, "GET", f"/form?study={design.study}")[1])["form"] for _ in design.forms]
    assert found == list(range(1, len(design.forms) + 1))
    (folder / "answers.csv").write_text(",".join(COLUMNS) + "\n" + "".join(lines(folder, subjects=3)))
    kept = AnswerFile(folder / "answers.csv", (design,))
    assert [kept.next_form(design.study) for _ in range(2)] == [4, 5]


def test_a_full_file_takes_no_more_and_stays_whole(folder: Path) -> None:
    rows = lines(folder)
    heading = ",".join(COLUMNS) + "\n"
    kept = AnswerFile(folder / "answers.csv", (design_of(folder),), largest_bytes=len(heading + rows[0] + rows[1]))
    assert kept.append(rows[0] + rows[1]) == 2
    with pytest.raises(BadSetting, match="would exceed"):
        kept.append(rows[2])
    assert kept.count == 2
    assert (folder / "answers.csv").read_text() == heading + rows[0] + rows[1]


def test_folders_that_hold_no_study_or_spoilt_answers_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadDataset):
        Collector(tmp_path, 0)
    (folder / "answers.csv").write_text("session,choice\n")
    with pytest.raises(BadDataset, match="row 1"):
        Collector(folder, 0)
    (folder / "answers.csv").unlink()
    (folder / "design.json").write_text('{"schema_version": 99}')
    with pytest.raises(BadDataset, match="schema_version 99"):
        Collector(folder, 0)


def test_a_port_in_use_is_refused(collector: Collector, folder: Path) -> None:
    with pytest.raises(BadSetting, match="port"):
        Collector(folder, collector.server_port)


# Whoever runs the tests may ignore SIGINT, and children inherit that.
COLLECT = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from flows.entry import main
main()
"""


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_stopped(folder: Path, stop: signal.Signals) -> None:
    command = [sys.executable, "-c", COLLECT, "study", "collect", str(folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=SOURCE_ROOT) as process:
        assert process.stdout is not None
        found = re.match(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
        assert found is not None
        connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=20)
        connection.request("POST", "/answers", lines(folder)[0], CSV)
        assert connection.getresponse().status == 200
        connection.close()
        process.send_signal(stop)
        assert process.stdout.read().endswith("answers.csv holds 1 answers\n")
    assert process.returncode == 0
