"""A user's own model as a network of the pipeline, and the checks that it has to pass."""
