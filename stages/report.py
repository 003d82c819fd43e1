"""Stage report NAME: what was built of one dataset -> data/reports/<dataset>/index.html."""

from mestore.build.entry import run_stage
from mestore.report.dataset.page import write_report

if __name__ == "__main__":
    run_stage(write_report)
