"""How every page of the report is made from its template: all values are escaped, all names must be known."""

from collections.abc import Callable

from jinja2 import Environment, FunctionLoader, StrictUndefined

from pipeline.report.file_names import SITE
from pipeline.report.template_files import FRAME, template_text


def page_environment(own: Callable[[str], str] = template_text) -> Environment:
    """Return an environment that reads templates; a value that a template lacks is an error.

    Args:
        own: returns the text of a template by its name; the frame that all pages share comes from the report's folder.
    """

    def text(name: str) -> str:
        return template_text(name) if name == FRAME else own(name)

    environment = Environment(loader=FunctionLoader(text), autoescape=True, undefined=StrictUndefined)
    environment.globals["site"] = SITE
    return environment
