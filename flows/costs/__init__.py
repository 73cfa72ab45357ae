"""What a run would cost, told before it runs: network passes, bytes and seconds of every stage that is not current."""
