"""Side-by-side measurements of mestore's kernels and their peers; `make bench` runs them all."""
