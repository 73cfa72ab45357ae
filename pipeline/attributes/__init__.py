"""Attribute predictors whose activation maps can be held against saliency maps."""
