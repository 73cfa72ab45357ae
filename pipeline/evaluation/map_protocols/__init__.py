"""Protocols by which others judge saliency maps, with and without known truth."""
