"""Runs as Prefect flows: a subflow a stage, a task a shard."""
