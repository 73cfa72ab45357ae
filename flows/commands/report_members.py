"""The files of a whole report: pages of pairs from their own stage, and all else, with links to these pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from flows.commands.report_archive import checked_members
from flows.engine.upstream import Upstream
from pipeline.report.file_names import PAGED_PAIRS
from pipeline.report.pair_links import PAIR_PAGE, linked, pages_script
from stores.copied_files import CONTENTS, SourcePart
from stores.digests import digest_bytes
from stores.errors import CorruptArtifact, MissingArtifact
from stores.manifests import Commit

REPORT: Final = "report"
# Its shards keep ZIPs of pages; it exists only where the run makes them.
PAIR_PAGES: Final = "pair_pages.test"
_PAGES_PART: Final = "pages"
# What no part may hold, as it is made when the parts are put together.
_MADE_HERE: Final = (PAGED_PAIRS, CONTENTS)


@dataclass(frozen=True)
class ReportMember:
    """One file of the report.

    Attributes:
        path: below the report's folder, with "/" between names.
        data: its bytes.
        digest: of these.
        made_from: place of its part among `report_parts`.
    """

    path: str
    data: bytes
    digest: str
    made_from: int


def report_parts(current: Upstream) -> tuple[SourcePart, ...]:
    """Return the parts that the report is made from, that of the stage `report` first.

    Raises:
        MissingArtifact: the report is not current.
    """
    return tuple(SourcePart(commit.stage, part, commit.parts[part].digest) for commit, part in _sources(current))


def report_members(current: Upstream) -> Iterator[ReportMember]:
    """Give every file of the report, in an order that depends on its parts alone; one that two parts share comes once.

    Raises:
        MissingArtifact: the report is not current.
        StoreError: a part cannot be read.
        CorruptArtifact: a part holds what no report has.
    """
    sources = _sources(current)
    digests: dict[str, str] = {}
    paged: set[str] = set()
    # The report's own pages come last: only then is it known which pairs have pages to link to.
    for place in [*range(1, len(sources)), 0]:
        commit, part = sources[place]
        where = current.store.part_url(commit, part)
        for path, data in checked_members(current.store.read_part_file(commit, part), where):
            page = PAIR_PAGE.fullmatch(path)
            if page:
                paged.add(page.group(1))
            shown = linked(data.decode("utf-8"), paged).encode("utf-8") if _has_links(path, place) else data
            member = ReportMember(path, shown, digest_bytes(shown), place)
            if path in _MADE_HERE:
                raise _contradiction(path, where)
            if path not in digests:
                digests[path] = member.digest
                yield member
            elif digests[path] != member.digest:
                raise _contradiction(path, where)
    script = pages_script(paged)
    yield ReportMember(PAGED_PAIRS, script, digest_bytes(script), 0)


def _sources(current: Upstream) -> list[tuple[Commit, str]]:
    if REPORT not in current.manifests:
        raise MissingArtifact(
            expected="a finished run",
            found="the stage report is not current",
            where=current.store.root.url,
            remedy="run it first: sane run CONFIG; sane status CONFIG says what is missing",
        )
    pages = current.commits(PAIR_PAGES) if PAIR_PAGES in current.manifests else []
    return [(current.commits(REPORT)[0], REPORT), *((commit, _PAGES_PART) for commit in pages)]


def _has_links(path: str, place: int) -> bool:
    return place == 0 and path.endswith(".html")


def _contradiction(path: str, where: str) -> CorruptArtifact:
    return CorruptArtifact(
        expected="parts of one report, which agree on the files that they share",
        found=f"another {path}",
        where=where,
        remedy="run again: sane run CONFIG",
    )
