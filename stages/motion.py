"""Stage motion NAME: mean motion over the clips of a dataset, by emotion -> data/motion/<dataset>.csv."""

from mestore.build.entry import run_stage
from mestore.datasets.table_io import write_plot
from mestore.params import Params
from mestore.report.motion import mean_motion
from mestore.report.shown import stores_shown
from mestore.store.reader import open_store
from mestore.workspace import Workspace


def motion(workspace: Workspace, params: Params, dataset: str) -> str:
    """Write the mean motion in the flows that the report shows, if there are any."""
    name = stores_shown(params).sequence
    flows = open_store(workspace.stores, names=[name]).feature(name) if name else None
    table = mean_motion(flows, dataset)
    write_plot(table, workspace.motion / f"{dataset}.csv")
    if name is None:
        return "motion: params.yaml has no store of flows from the onset to each frame"
    return f"motion: {table['emotion'].nunique()} emotions of {dataset} in {name}"


if __name__ == "__main__":
    run_stage(motion)
