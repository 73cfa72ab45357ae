"""Both sides of a match: which part of one image goes with which part of the other."""
