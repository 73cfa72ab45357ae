"""Looking after a store: what is damaged, what no configuration needs, where a file came from."""
