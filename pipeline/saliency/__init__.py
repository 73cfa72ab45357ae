"""Saliency generators: one query and K references in, K maps out."""
