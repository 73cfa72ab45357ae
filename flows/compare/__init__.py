"""Two models on the same pairs, read from two configurations or recorded runs: what `sane compare` shows."""
