"""The pages of a study as files: questionnaires, and the figures of the analysis. Everything put in is escaped."""

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from pipeline.study.analysis_tables import AnalysisSection
from pipeline.study.design import PREDICTION, PREFERENCE

INDEX: Final = "index.html"
TITLES: Final = {
    PREFERENCE: "Which property explains the match?",
    PREDICTION: "Which match does the program prefer?",
}
_SCRIPT_FILES: Final = ("study.css", "study.js")


def study_files(published: Sequence[dict[str, Any]], consent: str) -> dict[str, bytes]:
    """Return the files of a study's pages but its pictures, by path within the folder to publish.

    Args:
        published: what each questionnaire's page is told, see `make_questionnaire`.
        consent: what subjects agree to; paragraphs are separated by empty lines.
    """
    made = {f"assets/{name}": _text(name).encode() for name in _SCRIPT_FILES}
    paragraphs = [" ".join(part.split()) for part in consent.split("\n\n") if part.strip()]
    listed = []
    for told in published:
        protocol = told["protocol"]
        facts = {
            "protocol": protocol,
            "title": TITLES[protocol],
            "prompt": told["prompt"],
            "questions": len(told["forms"][0]),
        }
        listed.append(facts)
        page = _template("study.html").render(consent=paragraphs, groups=told["groups"], **facts)
        made[f"{protocol}.html"] = page.encode()
        made[f"data/{protocol}.js"] = _script(told)
    made[INDEX] = _template(INDEX).render(pages=listed).encode()
    return made


def default_consent() -> str:
    """Return the consent text that is used unless another is named."""
    return _text("consent.txt")


def analysis_page(sections: Sequence[AnalysisSection]) -> bytes:
    """Return the figures of an analysis as one HTML file that needs no other."""
    # The style sheet is a file of this package and holds no markup.
    style = Markup(_text("study.css"))  # noqa: S704
    page: str = _template("analysis.html").render(sections=sections, style=style)
    return page.encode()


def _script(told: dict[str, Any]) -> bytes:
    """Return values as a script: a page from disk may load scripts, but no data."""
    text = json.dumps(told, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    return f"window.SANE_STUDY={text.replace('<', chr(92) + 'u003c')};\n".encode()


def _template(name: str) -> Any:
    loader = FunctionLoader(_text)
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    return environment.get_template(name)


def _text(name: str) -> str:
    return files("pipeline.study").joinpath("templates").joinpath(name).read_text(encoding="utf-8")
