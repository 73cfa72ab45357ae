"""The report as a folder of files: its pages, what they load, and small pictures of all pairs."""

from collections.abc import Mapping, Sequence

from pipeline.report.evidence import ReportEvidence
from pipeline.report.file_names import (
    EVIDENCE,
    EVIDENCE_SCRIPT,
    GALLERY,
    GALLERY_DATA,
    GALLERY_SCRIPT,
    LIST_SCRIPT,
    OVERVIEW,
    STYLES,
)
from pipeline.report.overview.maps_worth import maps_caution
from pipeline.report.overview.page import render_overview
from pipeline.report.page import render_evidence
from pipeline.report.pair_gallery.data import gallery_script
from pipeline.report.pair_gallery.page import render_gallery
from pipeline.report.template_files import EVIDENCE_SCRIPT as EVIDENCE_SCRIPT_FILE
from pipeline.report.template_files import GALLERY_SCRIPT as GALLERY_SCRIPT_FILE
from pipeline.report.template_files import LIST_SCRIPT as LIST_SCRIPT_FILE
from pipeline.report.template_files import STYLE_SHEET, style_sheet, template_text


def report_files(
    evidence: ReportEvidence, thumbnails: Mapping[str, bytes], bright_p: Sequence[int | None]
) -> dict[str, bytes]:
    """Return the files of the report by path; equal evidence gives equal bytes.

    The pages load nothing but these files and `data/pages.js`, which says which pairs have a page and is written when
    the folder is put together. Texts marked `data-pair` become links then, see `pipeline.report.pair_links`.

    Args:
        evidence: what the pages show.
        thumbnails: small pictures by path, see `pipeline.report.thumbnails`.
        bright_p: of each pair where its map is brightest, see `pipeline.report.map_words`.
    """
    files = {
        OVERVIEW: render_overview(evidence),
        EVIDENCE: render_evidence(evidence),
        EVIDENCE_SCRIPT: template_text(EVIDENCE_SCRIPT_FILE).encode("utf-8"),
        STYLES: style_sheet(template_text(STYLE_SHEET)).encode("utf-8"),
    }
    if evidence.pair_table is not None:
        files[GALLERY] = render_gallery(evidence.facts, evidence.pair_table, evidence.fitting, maps_caution(evidence))
        files[GALLERY_DATA] = gallery_script(evidence.pair_table, bright_p)
        files[GALLERY_SCRIPT] = template_text(GALLERY_SCRIPT_FILE).encode("utf-8")
        files[LIST_SCRIPT] = template_text(LIST_SCRIPT_FILE).encode("utf-8")
    return files | dict(thumbnails)
