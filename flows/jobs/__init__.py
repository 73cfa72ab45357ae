"""Job bodies: read, one pipeline call, write; no Prefect, no Dask."""
