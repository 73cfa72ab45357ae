"""The stages of the pipeline: what each reads, writes, depends on and costs."""
