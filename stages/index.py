"""Stage index: recordings and coding sheets -> data/index/<dataset>.parquet."""

from mestore.build.entry import run_stage
from mestore.build.tables import build_index

if __name__ == "__main__":
    run_stage(build_index)
