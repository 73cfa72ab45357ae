"""Grad-CAM of the similarity score."""
