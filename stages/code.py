"""Stage code: data/code/<name>.json, the digest of what computes each store and each stage."""

from mestore.build.entry import run_stage
from mestore.build.provenance import write_code

if __name__ == "__main__":
    run_stage(write_code)
