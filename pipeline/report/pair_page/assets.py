"""The files that pages of pairs share, and one digest of all that decides how they look."""

import hashlib
from importlib.resources import files
from typing import Final

from pipeline.report.pair_page.paths import SCRIPT, STYLE_SHEET
from pipeline.report.template_files import FRAME, style_sheet, template_text

TEMPLATE: Final = "pair.html"


def pair_page_assets() -> dict[str, bytes]:
    """Return style sheet and script by their paths in the report's folder."""
    style = style_sheet(pair_page_text("pair.css"))
    return {STYLE_SHEET: style.encode("utf-8"), SCRIPT: _bytes("pair.js")}


def pair_page_text(name: str) -> str:
    """Return the text of one of the package's files: the template, the style sheet or the script.

    Raises:
        FileNotFoundError: there is none of that name.
    """
    return _bytes(name).decode("utf-8")


def pair_template_digest() -> str:
    """Return one SHA-256 of both templates: no module, so that no code id notices that it changes.

    Style sheet and script are files of their own, so pages stay as they are when those change.
    """
    texts = f"{pair_page_text(TEMPLATE)}\0{template_text(FRAME)}"
    return hashlib.sha256(texts.encode("utf-8")).hexdigest()


def pair_assets_digest() -> str:
    """Return one SHA-256 of style sheet and script, with their paths."""
    digest = hashlib.sha256()
    for path, data in sorted(pair_page_assets().items()):
        digest.update(f"{path}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


def _bytes(name: str) -> bytes:
    return files("pipeline.report.pair_page").joinpath(name).read_bytes()
