"""Explanations against measured truth: what naming an attribute achieved, and whether maps find it."""
