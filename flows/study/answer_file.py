"""The collector's file of answers: held against the design, on disk before it is said to be."""

import os
import threading
from collections import Counter
from pathlib import Path

from flows.study.written import LARGEST_FILE_BYTES, read_text, unwritable
from pipeline.study.answers import COLUMNS, AnswerReader, answer_line
from pipeline.study.design import StudyDesign


class AnswerFile:
    """The answers of a study on disk; safe to use from several threads.

    Args:
        path: is made with the first answer.
        designs: that answers must fit.
        largest_bytes: of the file.

    Raises:
        BadDataset: the file is there and malformed.
    """

    def __init__(self, path: Path, designs: tuple[StudyDesign, ...], largest_bytes: int = LARGEST_FILE_BYTES) -> None:
        self._path, self._largest_bytes, self._lock = path, largest_bytes, threading.Lock()
        self._designs = {design.study: design for design in designs}
        self._reader = AnswerReader(designs)
        self._handed_out: Counter[tuple[str, int]] = Counter()
        if path.exists():
            self._reader.read(read_text(path, largest_bytes), str(path))
        for study, form in {answer.session: (answer.study, answer.form) for answer in self._reader.answers}.values():
            self._handed_out[study, form] += 1

    @property
    def count(self) -> int:
        """Answers that are kept."""
        return len(self._reader.answers)

    def collects(self, study: str) -> bool:
        """Return whether answers of a study are kept here."""
        return study in self._designs

    def next_form(self, study: str) -> int:
        """Return the form of a known study, from 1, that was handed out least often."""
        with self._lock:
            form = min(
                range(1, len(self._designs[study].forms) + 1), key=lambda number: self._handed_out[study, number]
            )
            self._handed_out[study, form] += 1
            return form

    def append(self, rows: str) -> int:
        """Keep rows of answers and return how many are new; they are on disk then.

        Raises:
            BadDataset: a row does not fit; then none of them is kept.
            BadSetting: the file cannot be written, or is full.
        """
        with self._lock:
            # Read first with a reader that can be thrown away: what cannot be written must not count as kept.
            known = self._reader.copy()
            lines = "".join(map(answer_line, known.read_rows(rows, "the answers")))
            try:
                self._write(lines)
            except OSError as error:
                raise unwritable(self._path, error) from error
            self._reader = known
            return len(lines.splitlines())

    def _write(self, lines: str) -> None:
        if not lines:
            return
        start = self._path.stat().st_size if self._path.exists() else 0
        data = (lines if start else ",".join(COLUMNS) + "\n" + lines).encode()
        if start + len(data) > self._largest_bytes:
            raise OSError(f"the file would exceed {self._largest_bytes} bytes")
        with self._path.open("ab") as file:
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                # Half a row would spoil the file.
                file.truncate(start)
                raise
