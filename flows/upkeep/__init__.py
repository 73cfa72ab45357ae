"""Looking after a store: what is damaged, what nobody wants, what failed, where a file came from."""
