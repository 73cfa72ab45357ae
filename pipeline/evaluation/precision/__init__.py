"""Whether bfloat16 is good enough for a model, judged against the noise between two mask seeds."""
