"""Datasets as indexes of labelled images; reading an index never decodes an image."""
