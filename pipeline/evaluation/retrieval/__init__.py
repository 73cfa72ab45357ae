"""Retrieval: where a query's true matches stand in the order of a gallery, and the figures that follow from it."""
