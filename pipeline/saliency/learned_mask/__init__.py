"""Mask: learns which part of an image must be kept for its score to stay."""
