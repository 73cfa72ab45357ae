"""Links from the report's pages to pages of pairs, made once it is known which pairs have one."""

import re
from collections.abc import Collection
from typing import Final

PAIR_ID: Final = re.compile(r"[0-9a-f]{16}")
PAIR_PAGE: Final = re.compile(r"pairs/([0-9a-f]{16})\.html")
_MARKED: Final = re.compile(
    r'<span data-pair="([0-9a-f]{16})"(?: data-view="([a-z=&;]*)")?>((?:[^<]|<img [^<>]*>)*)</span>'
)


def linked(page: str, paged: Collection[str]) -> str:
    """Return a page in which each text or picture marked with a pair that has a page is a link to it.

    Args:
        page: HTML; a text is marked by `<span data-pair="ID">text</span>`, with no elements in the text but pictures;
            `data-view` after the id names the view of the gallery that the page of the pair leads on in.
        paged: ids of the pairs that have a page.
    """

    def link(found: re.Match[str]) -> str:
        pair_id, view, text = found.groups()
        place = f"#in=gallery&amp;{view}" if view else ""
        return f'<a href="pairs/{pair_id}.html{place}">{text}</a>' if pair_id in paged else found.group(0)

    return _MARKED.sub(link, page)


def pages_script(paged: Collection[str]) -> bytes:
    """Return `data/pages.js`: the ids of the pairs that have a page, one after the other in one text."""
    return f'window.pairPages = "{"".join(sorted(paged))}";\n'.encode("ascii")
