"""What a run would cost, before it runs: passes, bytes and seconds of every stage that is not current."""
