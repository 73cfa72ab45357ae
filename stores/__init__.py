"""Durable arrays, tables, models and files, with the manifests that say what they are."""
