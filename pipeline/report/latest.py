"""The page that leads to the report that was written last."""

from urllib.parse import quote

from pipeline.report.environment import page_environment


def latest_page(name: str, opened: str) -> bytes:
    """Return a page that leads on at once, and has a link where browsers do not follow.

    Args:
        name: of the report's folder or file, which lies beside the page.
        opened: what is opened in it, such as "index.html"; empty where it is a file.
    """
    address = "/".join(filter(None, (quote(name), opened)))
    return page_environment().get_template("latest.html").render(address=address, name=name).encode("utf-8")
