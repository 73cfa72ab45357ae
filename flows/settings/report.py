"""[report]: what the report shows."""

from pydantic import Field

from flows.settings.section import Section


class ReportSettings(Section):
    """[report]: what the report shows."""

    pair_pages: bool = Field(
        True, description="a page for every test pair, about 60 kB each with the photographs that it shows"
    )
