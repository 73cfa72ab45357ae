"""Paths of the report's files below its folder. Imports nothing, so that every command may ask."""

from typing import Final

OVERVIEW: Final = "index.html"
GALLERY: Final = "gallery.html"
EVIDENCE: Final = "evidence.html"
# Where the evidence tells what figures are made from.
PROVENANCE: Final = "provenance"
# What every page leads to, with the words of the links.
SITE: Final = (("Overview", OVERVIEW), ("Gallery", GALLERY), ("Evidence", EVIDENCE))
GALLERY_DATA: Final = "data/gallery.js"
GALLERY_SCRIPT: Final = "assets/gallery.js"
# Which pairs a view of the gallery shows; the pages of pairs ask it too.
LIST_SCRIPT: Final = "assets/pair_list.js"
EVIDENCE_SCRIPT: Final = "assets/evidence.js"
STYLES: Final = "assets/report.css"
# Written when the report is put together: only then is it known which pairs have pages.
PAGED_PAIRS: Final = "data/pages.js"
