"""How every page of the report is made from its template: all values are escaped, all names must be known."""

from jinja2 import Environment, FunctionLoader, StrictUndefined

from pipeline.report.template_files import template_text


def page_environment() -> Environment:
    """Return an environment that reads the package's templates; a value that a template lacks is an error."""
    return Environment(loader=FunctionLoader(template_text), autoescape=True, undefined=StrictUndefined)
