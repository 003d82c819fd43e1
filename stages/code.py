"""Stage code: data/code/<kind>.json, the digest of what computes each kind."""

from mestore.build.entry import run_stage
from mestore.build.provenance import write_code

if __name__ == "__main__":
    run_stage(write_code)
