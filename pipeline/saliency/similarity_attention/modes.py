"""The architectures of similarity attention (SAM, section 3.1)."""

# By mode, how many images that do not match a pair is contrasted with.
NEGATIVES_OF_MODE = {"siamese": 0, "triplet": 1, "quadruplet": 2}
