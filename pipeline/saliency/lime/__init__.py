"""LIME: a linear model of the score over superpixels."""
