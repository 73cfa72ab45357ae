"""The figures of the table `metrics`: arrays in, rows out, each with n and an interval."""
