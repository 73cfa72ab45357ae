"""A module a section of the report; `pipeline.report.page` lists them in reading order."""
