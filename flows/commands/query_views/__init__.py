"""Views over the tables of a run: what people ask most often, joined already; see docs/queries.md."""
