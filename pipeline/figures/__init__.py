"""The papers' figures as files: pictures and words in, one drawing and its caption out. Imports no torch."""
