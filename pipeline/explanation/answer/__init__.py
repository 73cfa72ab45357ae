"""One answer per pair, with how far to trust it (beyond the papers)."""
