"""Similarity models: networks, training, loading, scoring."""
