"""Scores: predictions in, scores out; what was scored how often, and beside what was published."""
