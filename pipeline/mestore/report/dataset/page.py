"""Page: data/reports/<dataset>: the dataset's page, and a page per subject beside it."""

import glob
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mestore.build.cache import remove_left_over
from mestore.datasets import READERS
from mestore.errors import MEStoreError, ParamsError
from mestore.params import Params
from mestore.progress import shown as progress_shown
from mestore.qc import REMEDIES, Look, by_clip, included, looks, measured, quality_table
from mestore.report.dataset.built import built, parameters, protocols
from mestore.report.dataset.counts import counted
from mestore.report.dataset.rows import Told, addresses, clip_rows
from mestore.report.methods.methods import Methods, methods
from mestore.report.numbers import TITLES, durations, quality
from mestore.report.plots import HEIGHT, WIDTH, histogram
from mestore.report.shown import stores_shown
from mestore.report.subject.pages import SubjectPage, write_subjects
from mestore.report.template import environment
from mestore.report.texts import failures, without_paths, worded
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
    with _replacing(folder) as temporary, progress_shown(f"report {dataset}", unit="subject") as progress:
        pages = write_subjects(
            workspace,
            params,
            dataset,
            temporary,
            faces=faces,
            jobs=params.compute.n_jobs,
            progress=progress,
        )
        said = methods(store, params, workspace, dataset)
        text = dataset_page(workspace, params, dataset, store=store, pages=pages, methods=said, faces=faces)
        (temporary / "index.html").write_text(text, encoding="utf-8")
        for name, its in (
            ("methods.md", said.markdown),
            ("methods.tex", said.latex),
            ("references.bib", said.bibtex),
        ):
            (temporary / name).write_text(its, encoding="utf-8")
    inside = folder.is_relative_to(workspace.root)
    return f"report: {(folder.relative_to(workspace.root) if inside else folder) / 'index.html'}"


def dataset_page(
    workspace: Workspace,
    params: Params,
    dataset: str,
    *,
    store: Store,
    pages: Sequence[SubjectPage],
    methods: Methods,
    faces: bool,
) -> str:
    """Return the page of a dataset as HTML.

    Parameters
    ----------
    workspace, params, dataset, faces
        As in `write_report`.
    store : Store
        All stores of params.yaml.
    pages : sequence of SubjectPage
        The pages that it links to.
    methods : Methods
    """
    crops = store.feature(stores_shown(params).crops or next(iter(store.features)))
    clips = worded(crops.clips[crops.clips["dataset"] == dataset], paths=faces)
    reader = params.datasets[dataset].reader
    failed = failures(store.features.values(), dataset, paths=faces)
    text = parameters(params, dataset)
    unseen = set(crops.failures["clip_id"])
    page_of = {page.subject: page.page for page in pages}
    address = addresses(zip(clips["clip_id"], clips["subject"], strict=True), page_of, unseen=unseen)
    table, found = _quality(store, params, dataset, clips)
    told = Told(
        failed={row["clip_id"] for row in failed},
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
            protocols=protocols(workspace, params, dataset),
            built=built(workspace, store, dataset),
            parameters=text if faces else without_paths(text),
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


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """Give a temporary folder that takes the place of `folder` if all went well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{folder.name}.mestore-"
    remove_left_over(folder.parent.glob(f"{glob.escape(prefix)}*"))
    both = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    try:
        # Not the temporary folder itself: mkdtemp lets nobody else look in.
        new = both / "new"
        new.mkdir()
        yield new
        if folder.is_dir():
            folder.rename(both / "old")
        new.rename(folder)
    finally:
        shutil.rmtree(both, ignore_errors=True)


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
