"""Page: data/reports/<dataset>: the dataset's page, and a page per subject beside it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mestore.clips import timed
from mestore.datasets import READERS
from mestore.errors import MEStoreError, ParamsError, StoreError
from mestore.params import INDEX, Params
from mestore.progress import shown as progress_shown
from mestore.qc import REMEDIES, Look, by_clip, included, looks, measured, quality_table
from mestore.replacing import replacing_folder
from mestore.report.dataset.counts import counted
from mestore.report.dataset.rows import Told, addresses, clip_rows
from mestore.report.dataset.scored import scored
from mestore.report.methods.methods import Methods, methods
from mestore.report.numbers import TITLES, durations, quality
from mestore.report.plots import HEIGHT, WIDTH, histogram
from mestore.report.run import Run, gather
from mestore.report.shown import stores_shown
from mestore.report.subject.pages import SubjectPage, write_subjects
from mestore.report.template import environment
from mestore.report.texts import failures, parameters, worded
from mestore.store.reader import Store, open_store
from mestore.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

MOST = 500
"""Lines of a table of failures and the like: more say nothing more, and the stores' own tables have them."""

_MARK = '<meta name="generator" content="mestore">'


def write_report(
    workspace: Workspace,
    params: Params,
    dataset: str,
    *,
    faces: bool | None = None,
    folder: Path | None = None,
) -> str:
    """Write the pages of a dataset; return a line that says where they are.

    Parameters
    ----------
    workspace, params
    dataset : str
        Name of the dataset in params.yaml.
    faces : bool, optional
        Whether faces are shown; by default as params.yaml says.
    folder : Path, optional
        Where the pages go; by default data/reports/<dataset>. An earlier report there is replaced.

    Raises
    ------
    MEStoreError
        If there is no such dataset, the folder holds anything but a report, or a store cannot be read.
    """
    if dataset not in params.datasets:
        raise ParamsError(f"params.yaml has no dataset {dataset!r}; it has {', '.join(params.datasets)}")
    faces = params.report.faces == "show" if faces is None else faces
    if folder is None:
        folder = workspace.reports / dataset  # of DVC's: whatever is there, the stage would replace it too
    else:
        _refuse_other(folder)
    store = open_store(workspace.stores, names=params.stores)
    if not any(dataset in feature.descriptions for feature in store.features.values()):
        raise StoreError(f"dataset {dataset!r} is in no store yet; run `dvc repro`")
    with replacing_folder(folder) as new, progress_shown(f"report {dataset}", unit="subject") as progress:
        pages = write_subjects(
            workspace, params, dataset, new, faces=faces, jobs=params.compute.n_jobs, progress=progress
        )
        run = gather(store, params, workspace, dataset)
        said = methods(run)
        text = dataset_page(params, run, store=store, pages=pages, methods=said, faces=faces)
        (new / "index.html").write_text(text, encoding="utf-8")
        for name, its in (
            ("methods.md", said.markdown),
            ("methods.tex", said.latex),
            ("references.bib", said.bibtex),
        ):
            (new / name).write_text(its, encoding="utf-8")
    inside = folder.is_relative_to(workspace.root)
    return f"report: {(folder.relative_to(workspace.root) if inside else folder) / 'index.html'}"


def dataset_page(
    params: Params,
    run: Run,
    *,
    store: Store,
    pages: Sequence[SubjectPage],
    methods: Methods,
    faces: bool,
) -> str:
    """Return the page of a dataset as HTML.

    Parameters
    ----------
    params, faces
        As in `write_report`.
    run : Run
        What ran on the dataset.
    store : Store
        All stores of params.yaml.
    pages : sequence of SubjectPage
        The pages that it links to.
    methods : Methods
    """
    dataset = run.dataset
    crops = store.feature(stores_shown(params).crops or next(iter(store.features)))
    clips = worded(crops.clips[crops.clips["dataset"] == dataset], paths=faces)
    reader = params.datasets[dataset].reader
    failed = failures(store.features.values(), dataset, paths=faces)
    unseen = set(crops.failures["clip_id"])
    page_of = {page.subject: page.page for page in pages}
    address = addresses(zip(clips["clip_id"], clips["subject"], strict=True), page_of, unseen=unseen)
    table, found = _quality(store, params, dataset, clips)
    told = Told(
        failed={row["clip_id"] for row in failed},
        unread={row["clip_id"] for row in failed if row["store"] == INDEX},
        unseen=unseen,
        looks={clip: list(dict.fromkeys(it.number for it in its)) for clip, its in by_clip(found).items()},
    )
    return (
        environment()
        .get_template("dataset/dataset.html.j2")
        .render(
            dataset=dataset,
            faces=faces,
            home="index.html",
            title=READERS[reader].title,
            clips=clips,
            rates=sorted(timed(clips)["fps"].unique()),
            counted=counted(clips, reader),
            size=(WIDTH, HEIGHT),
            each=_clips_each(clips),
            durations=durations(clips, address),
            quality=quality(table, found, params.quality, address),
            looked=by_clip(found),
            numbered=table["clip_id"].nunique(),
            number_titles=TITLES,
            remedies={name: REMEDIES[name] for name in TITLES if any(it.number == name for it in found)},
            address=address,
            failures=failed,
            corrected=clips.loc[clips["corrections"] != "", ["clip_id", "corrections"]].to_dict("records"),
            excluded=clips.loc[clips["excluded"] != "", ["clip_id", "excluded"]].to_dict("records"),
            most=MOST,
            protocols=scored(run),
            stale=run.stale,
            built=run.stores,
            parameters=parameters(params, dataset, paths=faces),
            methods=methods,
            subjects=pages,
            rows=clip_rows(clips, told, page_of),
        )
    )


def _quality(
    store: Store, params: Params, dataset: str, clips: "pd.DataFrame"
) -> tuple["pd.DataFrame", list[Look]]:
    """Return the quality numbers of a dataset's clips, and which of them stand out, as `mestore qc` says."""
    names = measured(params)
    if not names:
        return quality_table(store, dataset=dataset).iloc[:0], []
    table = quality_table(open_store(store.path, names=names), dataset=dataset)
    return table, looks(included(table, clips), params.quality)


def _clips_each(clips: "pd.DataFrame") -> Any:
    numbers = np.asarray(clips["subject"].value_counts(), np.float64)
    return histogram(numbers, title="clips of a subject", unit="", whole=True) if len(numbers) else None


def _refuse_other(folder: Path) -> None:
    """Refuse a folder that holds something else: all of it would be removed."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise MEStoreError(f"{folder} is there and is no folder; name another one for the report")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    index = folder / "index.html"
    if not index.is_file() or _MARK not in index.read_text(encoding="utf-8", errors="replace")[:4000]:
        raise MEStoreError(
            f"{folder} holds something that is no report of mestore, and a report replaces the whole folder; "
            "name another one"
        )
