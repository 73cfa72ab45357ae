"""Effects of putting other images in the query's place: removal, deletion, insertion and the matched effect."""
