"""The commands of `sane`: what they ask of a configured run, and what they print."""
