"""Stage motion NAME: mean motion over the clips of a dataset, by emotion -> data/motion/<dataset>.csv."""

from mestore.build.entry import run_stage
from mestore.report.motion import write_motion

if __name__ == "__main__":
    run_stage(write_motion)
