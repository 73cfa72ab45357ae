"""What the papers' figures show, read from a finished run, and their files; see docs/figures.md."""
