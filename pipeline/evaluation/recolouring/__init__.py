"""Effects of colour on photographs: the labelled colour of an item is edited, and the edit verified."""
