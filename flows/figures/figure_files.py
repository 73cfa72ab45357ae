"""Figures and their captions as files of a folder; nothing there is overwritten."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flows.figures.attention import read_attention
from flows.figures.catalogue import ATTENTION, FIGURES
from flows.figures.run_reader import RunReader
from pipeline.errors import BadSetting
from pipeline.figures.paper_figure import FORMATS, PaperFigure, figure_bytes
from stores.errors import MissingArtifact

ALL_FIGURES: Final = (*FIGURES, ATTENTION)
NO_OTHER: Final = "one run, which has one model"


@dataclass(frozen=True)
class AskedFigures:
    """Which figures are made, and how.

    Attributes:
        names: of figures, each once; empty for all.
        file_format: one of `pipeline.figures.paper_figure.FORMATS`.
        folder: for the files; made where it is not there.
        beside: a configuration with another model, for the figure of attention; None: that one is left out.

    Raises:
        BadSetting: there is no figure of a name, or no such format.
    """

    names: Sequence[str]
    file_format: str
    folder: Path
    beside: Path | None = None

    def __post_init__(self) -> None:
        for name in self.names:
            if name not in ALL_FIGURES:
                raise _unknown(name, "--figure", ALL_FIGURES)
        if self.file_format not in FORMATS:
            raise _unknown(self.file_format, "--format", FORMATS)

    def distinct_names(self) -> list[str]:
        """Return the figures to be made, each once."""
        return list(dict.fromkeys(self.names)) or [*FIGURES, *([ATTENTION] if self.beside is not None else [])]

    def files(self, name: str) -> tuple[Path, Path]:
        """Return where a figure and its caption go."""
        return self.folder / f"{name}.{self.file_format}", self.folder / f"{name}.txt"


@dataclass(frozen=True)
class FigureOutcome:
    """One figure: its file and its caption's, or why it could not be made."""

    name: str
    files: tuple[Path, Path]
    not_made: MissingArtifact | None = None


def write_figures(run: RunReader, asked: AskedFigures) -> Iterator[FigureOutcome]:
    """Make figures one by one, and give each once its files are there, or once it is known that they cannot be.

    Raises:
        BadSetting: a file is there already (then nothing is written), or cannot be written.
        PipelineError, StoreError: see `RunReader`.
    """
    names = asked.distinct_names()
    for file in (file for name in names for file in asked.files(name)):
        if file.exists() or file.is_symlink():
            raise _already_there(file)
    for name in names:
        files = asked.files(name)
        try:
            figure = _attention(run, asked.beside) if name == ATTENTION else FIGURES[name](run)
        except MissingArtifact as missing:
            yield FigureOutcome(name, files, missing)
            continue
        _create(files[0], figure_bytes(figure.drawn, asked.file_format))
        _create(files[1], figure.caption_text().encode("utf-8", "backslashreplace"))
        yield FigureOutcome(name, files)


def _attention(run: RunReader, beside: Path | None) -> PaperFigure:
    if beside is None:
        raise run.not_of_this_run("maps of several models", NO_OTHER, "name a configuration with another one: --beside")
    return read_attention(run, RunReader(beside))


def _create(file: Path, data: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as opened:
            opened.write(data)
    except FileExistsError as error:
        if not file.parent.is_dir():
            raise _not_writable(file, error) from error
        raise _already_there(file) from error
    except OSError as error:
        raise _not_writable(file, error) from error


def _unknown(found: str, where: str, known: Sequence[str]) -> BadSetting:
    return BadSetting(
        expected=f"one of {', '.join(known)}", found=repr(found), where=where, remedy="choose one of them"
    )


def _already_there(file: Path) -> BadSetting:
    return BadSetting(
        expected="files that are not there yet: nothing is overwritten",
        found="a file that is already there",
        where=str(file),
        remedy="name another folder with --out, or remove it",
    )


def _not_writable(file: Path, error: OSError) -> BadSetting:
    return BadSetting(
        expected="a folder that can be written",
        found=error.strerror or str(error),
        where=str(file),
        remedy="name a folder where you may write",
    )
