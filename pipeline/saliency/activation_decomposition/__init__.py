"""Activation decomposition: a score of two pooled images as the sum over every pair of their cells."""
