"""[report]: what the report shows."""

from pydantic import Field

from flows.settings.section import Section


class ReportSettings(Section):
    """[report]: what the report shows."""

    pair_pages: bool = Field(
        True,
        description="a page for every test pair; 10,000 take about a minute of one core and 150 to 400 MB, and their "
        "photographs besides",
    )
