"""The finished report where people look for it: one for each configuration and run, and the way to the latest."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.commands.report_copies import latest_copy
from flows.commands.report_members import REPORT, report_parts
from flows.commands.report_owners import own_name
from flows.commands.report_writing import is_report_folder, is_written, packed_report, write_folder
from flows.engine.upstream import Upstream
from pipeline.errors import BadSetting
from pipeline.report.file_names import OVERVIEW
from pipeline.report.latest import latest_page
from stores.errors import StoreError
from stores.location import Location

LONGEST_STEM = 80
# They choose a seed, which is in the name, or where and how something is computed or kept.
NOT_IN_NAMES = ("seed", "evaluation.seeds", "store.root", "compute.")
ARCHIVE = ".zip"


@dataclass(frozen=True)
class ReportFiles:
    """Where a run's report is to be looked at.

    Attributes:
        own: first page of the report of this configuration, seed and overrides; a ZIP on an object store, and where
            the report could not be written the ZIP that the store keeps.
        latest: the page that leads to the report of this seed that was written last, whatever configuration wrote it;
            None where there could be none.
        remark: why it could not be written, or None.
    """

    own: str
    latest: str | None
    remark: str | None = None


def report_name(config: str, seed: int, overrides: Sequence[str] = ()) -> str:
    """Return report-<configuration>-seed<N>, with eight digits for the overrides where any changes the results.

    Args:
        config: the configuration file as the user named it; its name without ending is used.
        seed: of the run.
        overrides: key=value over the file; of one key the last counts.
    """
    stem = re.sub(r"[^\w.+-]+", "-", Path(config).stem)[:LONGEST_STEM].strip("-")
    chosen = {key.strip(): value.strip() for key, _, value in (override.partition("=") for override in overrides)}
    lines = sorted(f"{key}={value}" for key, value in chosen.items() if not _is_left_out(key))
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:8] if lines else ""
    return "-".join(filter(None, ("report", stem, f"seed{seed}", digest)))


def export_report(current: Upstream, config: str, seed: int, overrides: Sequence[str]) -> ReportFiles:
    """Write the current report to the top of the store under its own name, and the page that leads to the latest.

    Args:
        current: the artifacts of one seed.
        config: the configuration file as the user named it.
        seed: that seed.
        overrides: key=value over the file.

    Raises:
        MissingArtifact: the report is not current.
        ReadOnlyStore: the store cannot be written.
    """
    return _exported(current, _own_name(current, config, seed, overrides), seed, even_if_there=True)


def show_report(current: Upstream, config: str, seed: int, overrides: Sequence[str]) -> ReportFiles:
    """Write the report of a finished run unless it is there, see `export_report`.

    A store that cannot be written is no failure.

    Raises:
        MissingArtifact: the report is not current.
        StoreError: the report itself cannot be read.
    """
    report_parts(current)
    name = report_name(config, seed, overrides)
    try:
        name = _own_name(current, config, seed, overrides)
        return _exported(current, name, seed, even_if_there=False)
    except StoreError as error:
        kept = current.store.part_url(current.commits(REPORT)[0], REPORT)
        current.store.read_part_file(current.commits(REPORT)[0], REPORT)
        remark = f"{current.store.root.child(name).url} could not be written: {error.found}"
        return ReportFiles(kept, None, remark)


def write_report(current: Upstream, output: Path) -> str:
    """Write the current report as a folder, or as a ZIP where the name ends so, and return what is to be opened.

    Raises:
        MissingArtifact: the report is not current.
        BadSetting: it cannot be written, or the folder holds something else.
    """
    report_parts(current)
    if output.suffix.lower() == ARCHIVE:
        return _write_archive(current, output)
    parent = output.absolute().parent
    if not parent.is_dir() or (output.exists() and not is_report_folder(output)):
        found = (
            "no folder to write it into" if not parent.is_dir() else "files that are no report, or others beside one"
        )
        raise _bad_output(output, found)
    try:
        write_folder(current, Location.parse(str(output.absolute())))
    except StoreError as error:
        raise _bad_output(output, error.found) from error
    return str(output / OVERVIEW)


def _write_archive(current: Upstream, output: Path) -> str:
    data = packed_report(current)
    try:
        output.write_bytes(data)
    except OSError as error:
        raise _bad_output(output, error.strerror or str(error)) from error
    return str(output)


def _own_name(current: Upstream, config: str, seed: int, overrides: Sequence[str]) -> str:
    """Return the report's name, longer where another configuration file of the same name has its report there."""
    root = current.store.root
    return own_name(root, report_name(config, seed, overrides), config, "" if root.is_local else ARCHIVE)


def _exported(current: Upstream, name: str, seed: int, even_if_there: bool) -> ReportFiles:
    root = current.store.root
    latest = latest_copy(root, seed)
    if root.is_local:
        place = root.child(name)
        if even_if_there or not is_written(current, place):
            write_folder(current, place)
        latest.replace_bytes(latest_page(name, OVERVIEW))
        return ReportFiles(place.child(OVERVIEW).url, latest.url)
    place = root.child(name + ARCHIVE)
    place.replace_bytes(packed_report(current))
    latest.replace_bytes(latest_page(name + ARCHIVE, ""))
    return ReportFiles(place.url, latest.url)


def _is_left_out(key: str) -> bool:
    return any(key == name or (name.endswith(".") and key.startswith(name)) for name in NOT_IN_NAMES)


def _bad_output(output: Path, found: str) -> BadSetting:
    return BadSetting(
        expected="a new folder, one that holds a report, or a file that ends in .zip; in a folder that exists",
        found=found,
        where=f"--output {output}",
        remedy="name one where you may write, or leave --output out: the report then goes into the store",
    )
