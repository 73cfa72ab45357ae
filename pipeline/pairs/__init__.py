"""Which pairs are explained: sampled within a class, taken from outfits, or read from a list."""
