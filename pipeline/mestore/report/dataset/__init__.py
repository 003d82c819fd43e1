"""Dataset: the page of a dataset, and what is counted and drawn for it."""
