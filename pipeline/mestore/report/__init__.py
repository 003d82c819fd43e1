"""Report: pages that show what was built."""
