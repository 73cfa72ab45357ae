"""Causal effects of colour on photographs: the labelled colour of an item is edited, the edit verified, nothing else moved."""
