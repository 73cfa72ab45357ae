"""Choosing the attribute that accounts for a match; imports no torch."""
