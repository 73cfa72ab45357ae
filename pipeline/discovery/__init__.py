"""Attributes found without labels: what the explained model matches, grouped over many images (method section 7)."""
