"""How each stage cuts its work into shards, and which digests each shard depends on; no torch here."""
