"""The report: plain values and arrays in, the files of a folder of pages out. Imports no torch."""
