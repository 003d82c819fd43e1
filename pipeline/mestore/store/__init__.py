"""Store: the only place that knows Zarr. One group per subject, written whole, read by person."""
