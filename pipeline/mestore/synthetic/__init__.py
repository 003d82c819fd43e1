"""Real faces moved by a known field: recordings with ground truth."""
