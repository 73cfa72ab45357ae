"""Every key of a configuration file with its meaning, default and limits."""
