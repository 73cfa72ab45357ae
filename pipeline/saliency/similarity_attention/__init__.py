"""Similarity attention (SAM): feature differences as weights of a layer's channels."""
