"""Forget: remove a participant who withdraws from everything mestore and DVC keep, and prove it."""
