"""A similarity model with a mask for each pair of item types, and its training."""
