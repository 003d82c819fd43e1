"""Leak audit: what may let a score know the persons it is tested on, and what could not be seen."""
