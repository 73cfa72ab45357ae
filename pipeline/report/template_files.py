"""The templates, style sheet and script of the report: files in the folder `templates`, resources of the package."""

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

STYLE_SHEET: Final = "report.css"
SHARED_STYLE: Final = "shared.css"
# What all pages begin and end with.
FRAME: Final = "masthead.html"
GALLERY_SCRIPT: Final = "gallery.js"
LIST_SCRIPT: Final = "pair_list.js"
EVIDENCE_SCRIPT: Final = "evidence.js"
_ENDINGS: Final = (".html", ".css", ".js")


def template_text(name: str) -> str:
    """Return the text of one file of the folder.

    Raises:
        FileNotFoundError: there is none of that name.
    """
    return _folder().joinpath(name).read_text(encoding="utf-8")


def style_sheet(own: str) -> str:
    """Return a page's style sheet: the colours and the frame that all pages share, then what is its own."""
    return template_text(SHARED_STYLE) + own


def templates_digest() -> str:
    """Return one SHA-256 of the names and contents of all these files, as 64 hexadecimal digits.

    A change of one of these files changes the report as a change of its code does, but code identity follows the
    imports of Python modules only. So this digest is a setting of the stage that makes the report.
    """
    digest = hashlib.sha256()
    for file in sorted(_folder().iterdir(), key=lambda found: found.name):
        if file.name.endswith(_ENDINGS):
            content = file.read_bytes()
            digest.update(f"{file.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _folder() -> Traversable:
    return files("pipeline.report").joinpath("templates")
