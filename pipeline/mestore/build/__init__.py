"""Build: run one function over all subjects, keep what is finished, report what failed."""
