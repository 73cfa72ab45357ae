"""What `compute.precision = "auto"` and `compute.batch_size = "auto"` stand for: measured once, then read."""
