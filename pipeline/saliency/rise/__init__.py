"""RISE: scores of randomly masked images, averaged over the masks."""
