"""A user's own similarity model: its source files, its factory, and loading it."""
