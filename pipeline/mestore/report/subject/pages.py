"""Subject pages: one page per subject, with every clip; only those that changed are made anew.

All of a page but its frame and its neighbours is kept in the build cache, under the digest of what it
shows. So a page is put together from there by links, and a subject that is added makes one page anew.
"""

import json
import os
import shutil
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from joblib import effective_n_jobs
from markupsafe import Markup
from PIL import Image as Pillow

from mestore.build.crew import build_all
from mestore.build.pages import BODY, IMAGES, USED, shown_clips, whole
from mestore.build.processes import processes
from mestore.build.subject import Outcome
from mestore.errors import BuildError
from mestore.params import Params
from mestore.progress import Progress
from mestore.report.names import subject_file, subject_page
from mestore.report.shown import Shown, stores_shown
from mestore.report.subject import figures
from mestore.report.subject.body import THUMBNAIL, PageTask, make_page
from mestore.report.subject.gallery import SIDE, STRAIN_SCALE, flow_scale
from mestore.report.subject.tasks import page_tasks
from mestore.report.template import environment
from mestore.store.feature import Feature
from mestore.workspace import Workspace

WHEEL = "img/~wheel.png"
"""The legend of all flows; no subject's folder has a name that begins with a tilde."""


@dataclass(frozen=True, kw_only=True)
class SubjectPage:
    """Where the page of a subject is; paths are relative to the folder of the report, ready for a link.

    Parameters
    ----------
    subject : str
    page : str
        Such as "subjects/sub01.html".
    thumbnail : str
        A small picture of the subject, 96 px wide; "" where faces are omitted or there is none.
    clips : int
        How many clips the page shows; failed ones are listed there and not counted.
    """

    subject: str
    page: str
    thumbnail: str
    clips: int


def write_subjects(
    workspace: Workspace,
    params: Params,
    dataset: str,
    folder: Path,
    *,
    faces: bool,
    jobs: int,
    progress: Progress,
) -> list[SubjectPage]:
    """Write subjects/ and img/ below `folder`, and return the pages in the order of the subjects.

    Parameters
    ----------
    workspace : Workspace
    params : Params
    dataset : str
    folder : Path
        Of the report; it has neither of the two yet.
    faces : bool
        Whether to show what a face can be recognised in.
    jobs : int
        Worker processes, as in `compute.n_jobs`; each holds one clip at a time.
    progress : Progress
        Is told how many pages are there.

    Raises
    ------
    BuildError
        If a page could not be made; those that were stay in the build cache.
    StoreError
        If a store is missing or damaged.
    """
    tasks = page_tasks(workspace, params, dataset, faces=faces)
    _make(tasks, jobs=jobs, progress=progress)
    (folder / "subjects").mkdir(parents=True)
    (folder / "img").mkdir()
    shown = stores_shown(params)
    frame = {"dataset": dataset, "faces": faces, "home": "../index.html", **_legend(shown, tasks, folder)}
    pages = []
    for place, task in enumerate(tasks):
        near = {"before": tasks[place - 1] if place else None, "after": (*tasks, None)[place + 1]}
        links = {name: it and _link(it.subject) for name, it in near.items()}
        pages.append(_write(task, folder, {**frame, **links}))
    used = {task.subject: task.key for task in tasks}
    (folder / USED).write_text(json.dumps(used, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return pages


def _make(tasks: Sequence[PageTask], *, jobs: int, progress: Progress) -> None:
    """Make the pages that the cache does not hold."""
    if not tasks:
        return
    cache = tasks[0].cache
    cache.root.mkdir(parents=True, exist_ok=True)
    cache.sweep()
    width = effective_n_jobs(jobs)
    with ThreadPoolExecutor(width) as threads:  # hashing releases the interpreter's lock
        there = list(threads.map(partial(whole, cache), [task.key for task in tasks]))
    missing = [task for task, found in zip(tasks, there, strict=True) if not found]
    progress(len(tasks) - len(missing), len(tasks))
    broken = {}
    with cache.cleared(), closing(_made(missing, width=min(width, len(missing)))) as made:
        for done, outcome in enumerate(made, start=1):
            if outcome.error:
                broken[outcome.name] = outcome.error
            progress(len(tasks) - len(missing) + done, len(tasks))
    if broken:
        first = min(broken)
        raise BuildError(
            f"{len(broken)} of {len(tasks)} subject pages could not be made; the others are kept, and the "
            f"next run goes on from there. The first, {first}: {broken[first]}"
        )


def _made(tasks: Sequence[PageTask], *, width: int) -> Generator[Outcome, None, None]:
    """Make pages side by side, and give what came of each."""
    if width <= 1:
        yield from map(_outcome, tasks)
    else:
        yield from build_all(partial(processes, width, _outcome), tasks)


def _outcome(task: PageTask) -> Outcome:
    return Outcome(name=task.name, error=make_page(task))


def _legend(shown: Shown, tasks: Sequence[PageTask], folder: Path) -> dict[str, Any]:
    """Write the wheel of the flows, and return what the pages say of scales and of what is missing."""
    if not tasks or shown.flow is None:
        return {"wheel": "", "flow_scale": 0.0, "strain_scale": 0.0, "missing": shown.missing()}
    Pillow.fromarray(figures.wheel()).save(folder / WHEEL, format="PNG")
    width = _width(Feature(tasks[0].stores["flow"]), tasks)
    return {
        "wheel": f"../{WHEEL}",
        "flow_scale": flow_scale(width),
        "strain_scale": STRAIN_SCALE,
        "missing": shown.missing(),
    }


def _width(flow: Feature, tasks: Sequence[PageTask]) -> int:
    """Return the width of the flows of a dataset in px; they are all of one size."""
    for task in tasks:
        data = flow.open(task.dataset, task.subject).data
        if data is not None:
            return data.shape[-2]
    return SIDE


def _link(subject: str) -> dict[str, str]:
    return {"subject": subject, "href": quote(f"{subject_file(subject)}.html")}


def _write(task: PageTask, folder: Path, values: Mapping[str, Any]) -> SubjectPage:
    """Put a page together from what the cache holds."""
    made = task.cache.path(task.key)
    name = subject_file(task.subject)
    clips = shown_clips(made)
    if any((made / IMAGES).iterdir()):
        shutil.copytree(made / IMAGES, folder / "img" / name, copy_function=_linked)
    with suppress(PermissionError):  # a colleague's: he counts as its user
        os.utime(made)
    text = (
        environment()
        .get_template("subject/subject.html.j2")
        .render(
            **values,
            subject=task.subject,
            clips=len(clips),
            persons=sorted({str(row["person"]) for row in task.rows}),
            body=Markup((made / BODY).read_text(encoding="utf-8")),
        )
    )
    page = subject_page(task.subject)
    (folder / page).write_text(text, encoding="utf-8")
    thumbnail = f"img/{name}/{THUMBNAIL}" if (made / IMAGES / THUMBNAIL).is_file() else ""
    return SubjectPage(subject=task.subject, page=page, thumbnail=thumbnail, clips=len(clips))


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
