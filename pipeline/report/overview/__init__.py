"""The first page of the report: what the model matches by, how far to trust that, and what the maps are worth."""
