"""The demo recordings: simulated clips on disk in CASME II's own layout."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import openpyxl

from mestore.errors import MEStoreError
from mestore.replacing import replacing_folder
from mestore.synthetic.render import enlarge, expose, jpeg, prepare
from mestore.synthetic.script import Actor, Take, cast, direct
from mestore.synthetic.truth import Truth, from_json, to_json

FRAMES = "CASME2_RAW_selected"
SHEET = "CASME2-coding-20140508.xlsx"
PERSONS = "persons.csv"
TRUTH = "truth.json"

_MADE_BY = "mestore demo"

_HEADER = (
    "Subject",
    "Filename",
    None,
    "OnsetFrame",
    "ApexFrame",
    "OffsetFrame",
    None,
    "Action Units",
    "Estimated Emotion",
)

_README = """\
SIMULATED recordings of micro-expressions, made by `mestore demo`. Nobody felt or showed them.

Two photographs were moved by known fields, 200 frames a second: the astronaut E. Collins (NASA, comes with
scikit-image) and Rear Admiral G. Hopper (US Navy, comes with matplotlib). Both are in the public domain as
works of the United States government. Every subject is one of the two, reshaped and recoloured; persons.csv
says which, so that no fold has the same photograph on both sides.

The folders and the coding sheet have the layout of CASME II, no row of which is here. truth.json holds the
motion of every clip; only tests read it. Scores on these recordings say that the pipeline works, nothing
about real expressions.
"""


def write_demo(
    directory: str | Path,
    *,
    subjects: int = 8,
    clips: int = 5,
    seed: int = 2026,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write the demo recordings.

    All is written beside `directory` and renamed at the end: the folder is there whole or not at all.

    Parameters
    ----------
    directory : path
        A new or empty folder, or an earlier demo, which is replaced; its name is the dataset's.
    subjects, clips : int
        How many subjects, and clips of each.
    seed : int
        Equal seeds give equal frames.
    progress : callable, optional
        Is called with the number of clips written and of all clips, after each.

    Returns
    -------
    Path
        `directory`, absolute.

    Raises
    ------
    MEStoreError
        If `directory` holds something else than an earlier demo.
    ValueError
        If `subjects` or `clips` is not positive.
    """
    if subjects < 1 or clips < 1:
        raise ValueError(f"subjects = {subjects}, clips = {clips}; expected at least 1 of each")
    goal = Path(directory).resolve()
    _check_replaceable(goal)
    with replacing_folder(goal) as partial:
        takes = _write_takes(partial, subjects=subjects, clips=clips, seed=seed, progress=progress)
        _write_sheet(partial / SHEET, takes)
        _write_persons(partial / PERSONS, takes, dataset=goal.name)
        _write_truth(partial / TRUTH, takes, seed=seed)
        (partial / "README.txt").write_text(_README, encoding="utf-8")
    return goal


def read_truth(directory: str | Path) -> dict[str, Truth]:
    """Return the truth of every clip of a demo, by "subject/clip"."""
    written = json.loads((Path(directory) / TRUTH).read_text(encoding="utf-8"))
    return {name: from_json(values["truth"]) for name, values in written["clips"].items()}


def _check_replaceable(goal: Path) -> None:
    if not goal.exists() or (goal.is_dir() and not any(goal.iterdir())) or _is_demo(goal):
        return
    raise MEStoreError(
        f"{goal} is not empty and no earlier demo (it has no {TRUTH} of ours); "
        "expected a new or empty folder: name another one"
    )


def _is_demo(folder: Path) -> bool:
    try:
        written = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(written, dict) and written.get("made_by") == _MADE_BY


def _write_takes(
    root: Path, *, subjects: int, clips: int, seed: int, progress: Callable[[int, int], None] | None
) -> list[tuple[Actor, Take]]:
    written = []
    for index in range(subjects):
        actor = cast(index, seed=seed)
        enlarged = enlarge(actor.face.image)
        for take in direct(actor, clips=clips, seed=seed):
            folder = root / FRAMES / actor.subject / take.clip
            folder.mkdir(parents=True)
            frames = expose(prepare(enlarged, take.truth), take.truth, take.camera)
            for number, frame in enumerate(frames, start=take.truth.onset):
                (folder / f"img{number}.jpg").write_bytes(jpeg(frame, take.camera.quality))
            written.append((actor, take))
            if progress is not None:
                progress(len(written), subjects * clips)
    return written


def _write_sheet(path: Path, takes: list[tuple[Actor, Take]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Sheet1"
    sheet.append(_HEADER)
    for actor, take in takes:
        truth = take.truth
        numbers = (truth.onset, truth.apex, truth.offset)
        sheet.append((actor.subject[3:], take.clip, None, *numbers, None, truth.aus, take.emotion))
    for name in ("Sheet2", "Sheet3"):  # CASME II's sheet has these two, empty
        book.create_sheet(name)
    book.save(path)


def _write_persons(path: Path, takes: list[tuple[Actor, Take]], *, dataset: str) -> None:
    persons = {actor.subject: actor.person for actor, _ in takes}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("dataset", "subject", "person"))
        writer.writerows((dataset, subject, person) for subject, person in persons.items())


def _write_truth(path: Path, takes: list[tuple[Actor, Take]], *, seed: int) -> None:
    clips = {
        f"{actor.subject}/{take.clip}": {
            "still": actor.person,
            "emotion": take.emotion,
            "noise": take.camera.noise,
            "flicker": take.camera.flicker,
            "quality": take.camera.quality,
            "truth": to_json(take.truth),
        }
        for actor, take in takes
    }
    path.write_text(json.dumps({"made_by": _MADE_BY, "seed": seed, "clips": clips}), encoding="utf-8")
