"""The finished report as one file where people look for it."""

from dataclasses import dataclass
from pathlib import Path

from flows.commands.report_copies import report_copy
from flows.engine.upstream import Upstream
from pipeline.errors import BadSetting
from stores.errors import MissingArtifact, StoreError


@dataclass(frozen=True)
class ShownReport:
    """Where a run's report is to be looked at.

    Attributes:
        url: of its copy at the top of the store, or of the report itself where the copy could not be written.
        remark: why it could not, or None.
    """

    url: str
    remark: str | None = None


def write_report(current: Upstream, seed: int, output: Path | None) -> str:
    """Copy the current report out of the store and return the copy's path.

    Args:
        current: the artifacts of one seed.
        seed: that seed.
        output: the file; None puts it at the top of the store, as report-seed<N>.html.

    Raises:
        MissingArtifact: the report is not current.
        BadSetting: the file cannot be written.
        ReadOnlyStore: the store cannot be written.
    """
    data = _report_bytes(current)
    if output is None:
        place = report_copy(current.store.root, seed)
        place.replace_bytes(data)
        return place.url
    try:
        output.write_bytes(data)
    except OSError as error:
        raise BadSetting(
            expected="a file that can be written, in a folder that exists",
            found=error.strerror or str(error),
            where=f"--output {output}",
            remedy="name a file where you may write, or leave --output out: the report then goes into the store",
        ) from error
    return str(output)


def show_report(current: Upstream, seed: int) -> ShownReport:
    """Copy the report of a finished run to the top of its store; a store that cannot be written is no failure.

    Raises:
        MissingArtifact: the report is not current.
        StoreError: the report itself cannot be read.
    """
    data = _report_bytes(current)
    place = report_copy(current.store.root, seed)
    try:
        place.replace_bytes(data)
    except StoreError as error:
        remark = f"its copy {place.url} could not be written: {error.found}"
        return ShownReport(current.store.part_url(current.commits("report")[0], "report"), remark)
    return ShownReport(place.url)


def _report_bytes(current: Upstream) -> bytes:
    if "report" not in current.manifests:
        raise MissingArtifact(
            expected="a finished run",
            found="the stage report is not current",
            where=current.store.root.url,
            remedy="run it first: sane run CONFIG; sane status CONFIG says what is missing",
        )
    return current.store.read_part_file(current.commits("report")[0], "report")
