"""Stage folds NAME: one protocol of params.yaml over all clip tables -> data/folds/<name>.json."""

from mestore.build.entry import run_stage
from mestore.build.tables import read_index
from mestore.params import Params
from mestore.protocols.freeze import make_folds
from mestore.replacing import replacing
from mestore.workspace import Workspace


def freeze(workspace: Workspace, params: Params, name: str) -> str:
    """Freeze the folds of a protocol."""
    protocol = params.protocols[name]
    table, _ = read_index(workspace, params)
    folds = make_folds(table, protocol=protocol.kind, label=protocol.label, params=protocol.params)
    with replacing(workspace.folds / f"{name}.json") as temporary:
        folds.save(temporary)
    without = len(folds.left_out)
    return (
        f"{name}: {len(folds)} folds over {len(folds.clips)} clips, {without} clip{'s' * (without != 1)} "
        f"left out (data/folds/{name}.json says why)"
        + "".join(f"\n  {line}" for line in (*folds.counts, *folds.flags))
    )


if __name__ == "__main__":
    run_stage(freeze)
