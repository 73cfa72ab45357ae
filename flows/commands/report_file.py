"""The finished report as files where people look for it: one for each configuration and run, and the latest."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.commands.report_copies import latest_copy
from flows.engine.upstream import Upstream
from pipeline.errors import BadSetting
from stores.errors import MissingArtifact, StoreError
from stores.location import Location

LONGEST_STEM = 80
# They choose a seed, which is in the name, or where and how something is computed or kept.
NOT_IN_NAMES = ("seed", "evaluation.seeds", "store.root", "compute.")


@dataclass(frozen=True)
class ReportFiles:
    """Where a run's report is to be looked at.

    Attributes:
        own: the copy of this configuration, seed and overrides, or the report itself where it could not be copied.
        latest: the copy of this seed, whatever configuration wrote it last; None where there could be none.
        remark: why it could not be copied, or None.
    """

    own: str
    latest: str | None
    remark: str | None = None


def report_name(config: str, seed: int, overrides: Sequence[str] = ()) -> str:
    """Return report-<configuration>-seed<N>.html, with eight digits for the overrides where any changes the results.

    Args:
        config: the configuration file as the user named it; its name without ending is used.
        seed: of the run.
        overrides: key=value over the file; of one key the last counts.
    """
    stem = re.sub(r"[^\w.+-]+", "-", Path(config).stem)[:LONGEST_STEM].strip("-")
    chosen = {key.strip(): value.strip() for key, _, value in (override.partition("=") for override in overrides)}
    lines = sorted(f"{key}={value}" for key, value in chosen.items() if not _is_left_out(key))
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:8] if lines else ""
    return "-".join(filter(None, ("report", stem, f"seed{seed}", digest))) + ".html"


def export_report(current: Upstream, config: str, seed: int, overrides: Sequence[str]) -> ReportFiles:
    """Copy the current report to the top of the store, under its own name and as the latest, report-seed<N>.html.

    Args:
        current: the artifacts of one seed.
        config: the configuration file as the user named it.
        seed: that seed.
        overrides: key=value over the file.

    Raises:
        MissingArtifact: the report is not current.
        ReadOnlyStore: the store cannot be written.
    """
    data = _current_report(current)
    own = current.store.root.child(report_name(config, seed, overrides))
    return _copied(data, own, latest_copy(current.store.root, seed))


def show_report(current: Upstream, config: str, seed: int, overrides: Sequence[str]) -> ReportFiles:
    """Copy the report of a finished run, see export_report; a store that cannot be written is no failure.

    Raises:
        MissingArtifact: the report is not current.
        StoreError: the report itself cannot be read.
    """
    data = _current_report(current)
    own = current.store.root.child(report_name(config, seed, overrides))
    latest = latest_copy(current.store.root, seed)
    try:
        return _copied(data, own, latest)
    except StoreError as error:
        remark = f"its copy {latest.url} could not be written: {error.found}"
        return ReportFiles(current.store.part_url(current.commits("report")[0], "report"), None, remark)


def write_report(current: Upstream, output: Path) -> str:
    """Copy the current report to a file and return its path.

    Raises:
        MissingArtifact: the report is not current.
        BadSetting: the file cannot be written.
    """
    data = _current_report(current)
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


def _copied(data: bytes, own: Location, latest: Location) -> ReportFiles:
    for place in (own, latest):
        place.replace_bytes(data)
    return ReportFiles(own.url, latest.url)


def _is_left_out(key: str) -> bool:
    return any(key == name or (name.endswith(".") and key.startswith(name)) for name in NOT_IN_NAMES)


def _current_report(current: Upstream) -> bytes:
    if "report" not in current.manifests:
        raise MissingArtifact(
            expected="a finished run",
            found="the stage report is not current",
            where=current.store.root.url,
            remedy="run it first: sane run CONFIG; sane status CONFIG says what is missing",
        )
    return current.store.read_part_file(current.commits("report")[0], "report")
