"""Incremental runs of any graph of stages: plans, shards, commits, runners. Knows no image and no setting."""
