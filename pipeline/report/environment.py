"""How every page of the report is made from its template: all values are escaped, all names must be known."""

from jinja2 import Environment, FunctionLoader, StrictUndefined

from pipeline.report.file_names import SITE
from pipeline.report.template_files import template_text


def page_environment() -> Environment:
    """Return an environment that reads the package's templates; a value that a template lacks is an error."""
    environment = Environment(loader=FunctionLoader(template_text), autoescape=True, undefined=StrictUndefined)
    environment.globals["site"] = SITE
    return environment
