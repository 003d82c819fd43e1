"""Commands to look with: the picture of a clip, the pages of a dataset."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from mestore.cli import complete
from mestore.cli.here import known, workspace_params
from mestore.cli.options import AsJson, Force, OneDataset
from mestore.cli.says import say, say_json
from mestore.errors import MEStoreError


def show(
    clip: Annotated[
        str,
        typer.Argument(
            metavar="CLIP",
            help="A clip's id, as in the clip tables, such as demo/sub01/EP01_01f@115.",
            autocompletion=complete.clips,
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="The PNG; by default named after the clip, here.")] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Draw one clip as a picture, and name the file.

    Its crops, landmarks, motion and features are in it. The picture shows a face: mind the licence of its
    dataset.

    Example: mestore show demo/sub01/EP01_01f@115 --out clip.png
    """
    from mestore.cli.picture import picture_name, refuse_target, write_png
    from mestore.report.shown import stores_shown
    from mestore.report.subject.picture import clip_picture
    from mestore.store.reader import open_store

    workspace, params = workspace_params()
    if not any(workspace.stores.glob("[!.]*/clips.csv")):
        raise MEStoreError(f"{workspace.stores} holds no store yet; build them with `mestore build`")
    store = open_store(workspace.stores, names=stores_shown(params).names)
    known(clip, store.clips()["clip_id"], what="clip")
    target = out or Path(picture_name(clip))
    refuse_target(target)
    image = clip_picture(store, params, clip)
    write_png(target, image, force=force)
    if as_json:
        height, width = image.shape[:2]
        say_json({"clip": clip, "picture": str(target), "width": width, "height": height})
    else:
        say(f"picture: {target}")


def report(
    dataset: OneDataset = None,
    faces: Annotated[
        Literal["show", "omit"] | None, typer.Option(help="By default as params.yaml has it.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="A folder for the pages; by default data/reports/DATASET.")
    ] = None,
) -> None:
    """Write the pages of a dataset.

    What was found, what failed, every clip, scores, methods. With --faces omit they are fit to send: no
    face is in them. Pages unlike those of `mestore build` need a folder of their own.

    Example: mestore report demo --faces omit --out demo-to-send
    """
    from mestore.report.dataset.page import write_report

    if faces is not None and out is None:
        raise typer.BadParameter(
            "give a folder for these pages: those in data/reports are DVC's, and as params.yaml says",
            param_hint="--out",
        )
    workspace, params = workspace_params()
    names = list(params.datasets) if dataset is None else [known(dataset, params.datasets, what="dataset")]
    if out is not None and len(names) > 1:
        raise MEStoreError(f"one folder cannot hold the pages of {', '.join(names)}; name one with --out")
    for name in names:
        shown = None if faces is None else faces == "show"
        say(write_report(workspace, params, name, faces=shown, folder=out))
