"""The finished report as one file where people look for it."""

from pathlib import Path

from flows.engine.upstream import Upstream
from stores.errors import MissingArtifact


def write_report(current: Upstream, seed: int, output: Path | None) -> str:
    """Copy the current report out of the store and return the copy's path.

    Args:
        current: the artifacts of one seed.
        seed: that seed.
        output: the file; None puts it at the top of the store, as report-seed<N>.html.

    Raises:
        MissingArtifact: the report is not current.
    """
    if "report" not in current.manifests:
        raise MissingArtifact(
            expected="a finished run",
            found="the stage report is not current",
            where=current.store.root.url,
            remedy="run it first: sane run CONFIG; sane status CONFIG says what is missing",
        )
    data = current.store.read_part_file(current.commits("report")[0], "report")
    if output is not None:
        output.write_bytes(data)
        return str(output)
    place = current.store.root.child(f"report-seed{seed}.html")
    place.replace_bytes(data)
    return place.url
