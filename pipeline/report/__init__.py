"""The static HTML report: plain values and arrays in, one self-contained page out. Imports no torch."""
