"""Stage store NAME: one store of params.yaml -> data/stores/<name>."""

from mestore.build.entry import run_stage
from mestore.build.stage import build_store

if __name__ == "__main__":
    run_stage(build_store)
