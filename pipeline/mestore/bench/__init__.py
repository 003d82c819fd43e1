"""Bench: how fast this machine computes, beside other libraries. The long measurements are in benchmarks/."""
