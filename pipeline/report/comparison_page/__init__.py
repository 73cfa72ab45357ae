"""Two models on the same pairs as one HTML page."""
