"""Methods of recordings: which clips there were, and what was changed or left out, in sentences."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from mestore.clips import timed
from mestore.counting import counted
from mestore.datasets import READERS
from mestore.datasets.expected import Edition, compare, editions
from mestore.report.methods.bibliography import load
from mestore.report.methods.citing import cite, listed, outside, to, were
from mestore.report.methods.faces import apexes
from mestore.report.run import Run
from mestore.report.texts import without_paths

DATASETS: Mapping[str, str] = {
    "casme": "yan2013",
    "cas_me2": "qu2018",
    "casme2": "yan2014",
    "casme3": "li2023",
    "dfme": "zhao2024",
    "fourdme": "li2023fourdme",
    "mmew": "ben2022",
    "samm": "davison2018",
    "samm_lv": "yap2020",
    "smic": "li2013",
    "smic_e": "li2018",
}
"""What is cited for a dataset, by its reader: one line here for each of `mestore.datasets.READERS` whose
datasets are published."""

_INDEX = "index"
_REASONS = 5  # reasons for exclusions that are told one by one


def sentences(run: Run) -> str:
    """Return the paragraph about the recordings of a run."""
    clips = run.clips
    said = [
        *_source(run.dataset, clips),
        *_counts(clips),
        *_lengths(clips),
        *_changes(run),
    ]
    if not any(it.description.kind == "align" for it in run.stores.values()):
        said += apexes(clips, params={})
    return " ".join(said)


def _source(dataset: str, clips: pd.DataFrame) -> Iterator[str]:
    """Give what the recordings are. A dataset is called by its name where its coding sheet is a known one."""
    for reader in sorted(set(clips["reader"])):
        rows = clips[clips["reader"] == reader]
        title = outside(getattr(READERS.get(reader), "title", reader))
        citation = f" {cite(DATASETS[reader])}" if reader in DATASETS else ""
        parts = sorted({*rows["part"]} - {""})
        of = f" (part{'s' * (len(parts) > 1)} {listed(map(outside, parts))})" if parts else ""
        if not citation:
            yield f"The recordings were those of the dataset {dataset}{of}, described by a table of clips."
            continue
        sheets = [it for it in editions(rows, reader) if it.fingerprint]
        if not _published(rows, reader, sheets):
            counts = listed(str(_rows(it)) for it in sheets)
            yield (
                f"The recordings were those of the dataset {dataset}{of}, laid out like {title}; its coding "
                f"sheet, of {counts} rows, is none of the published editions."
            )
            continue
        named = [f"{outside(it.sheet)} ({_rows(it)} rows)" for it in sheets]
        edition = f", with the coding sheet {listed(named)}" if named else ""
        yield f"The recordings were those of {title}{citation}{of}{edition}."


def _published(rows: pd.DataFrame, reader: str, sheets: Sequence[Edition]) -> bool:
    """Return whether coding sheets are known ones.

    They are known by their number of rows. All rows of such a sheet are about so many subjects as published:
    a demo of as many clips is not the dataset.
    """
    if any(it.others and not it.known for it in sheets):
        return False
    whole = bool(sheets) and len(rows) >= sum(map(_rows, sheets))
    others = [it for it in compare(rows, reader) if it.column == "subjects" and it.verdict == "differs"]
    return not (whole and others)


def _rows(sheet: Edition) -> int:
    return int(sheet.fingerprint.partition("-")[0])


def notes(run: Run) -> list[str]:
    """Return what the author should know: a dataset that is laid out like a published one."""
    said = []
    for reader, rows in run.clips.groupby("reader"):
        sheets = [it for it in editions(rows, str(reader)) if it.fingerprint]
        if reader in DATASETS and not _published(rows, str(reader), sheets):
            title = READERS[str(reader)].title
            said.append(
                f"dataset {run.dataset} is not called {title}, because its coding sheet is not as published: "
                f"if these are its recordings, say so and cite {load()[DATASETS[str(reader)]].reference()}"
            )
    return said


def _counts(clips: pd.DataFrame) -> Iterator[str]:
    subjects, persons = clips["subject"].nunique(), clips["person"].nunique()
    people = counted(subjects, "subject") + (
        "" if persons == subjects else f" ({counted(persons, 'different person')})"
    )
    kinds = [
        counted(int(count), f"{kind}-expression")
        for kind, count in clips["kind"].value_counts().sort_index(ascending=False).items()
    ]
    fps = timed(clips)["fps"]
    rate = f", recorded at {to(fps.min(), fps.max(), 'frames per second')}" if len(fps) else ""
    modalities = sorted({*clips["modality"]} - {""})
    images = f" ({listed(map(outside, modalities))})" if modalities else ""
    yield f"There were {listed(kinds)} of {people}{rate}{images}."


def _lengths(clips: pd.DataFrame) -> Iterator[str]:
    """Give how long clips last, by onset and offset."""
    rows = timed(clips)
    if rows.empty:
        return
    frames = rows["offset"] - rows["onset"] + 1
    seconds = frames / rows["fps"]
    lasted = to(round(seconds.min(), 2), round(seconds.max(), 2), "s")
    yield (
        f"From onset to offset a clip had {to(frames.min(), frames.max(), 'frames')} (median "
        f"{frames.median():g}), which is {lasted} (median {seconds.median():.2g} s)."
    )


def _changes(run: Run) -> Iterator[str]:
    """Give corrections, gaps, clips that could not be read, and exclusions, where there are any."""
    clips = run.clips
    corrected = int((clips["corrections"] != "").sum())
    if corrected:
        yield f"Known errors of the coding sheet were corrected in {counted(corrected, 'clip')}."
    first = next(iter(run.stores.values())).failures
    unread = set(first.loc[first["store"] == _INDEX, "clip_id"])
    gaps = int(clips.loc[~clips["clip_id"].isin(unread), "gaps"].sum())
    if gaps:
        yield f"In {counted(gaps, 'clip')} frames between onset and offset were missing."
    if unread:
        yield (
            f"{counted(len(unread), 'row')} of the coding sheet could not be read, or named a clip without "
            "its frames."
        )
    if "excluded" in clips:
        yield from _excluded(clips["excluded"])


def _excluded(reasons: "pd.Series[str]") -> Iterator[str]:
    counts = reasons[reasons != ""].map(without_paths).map(outside).value_counts()
    if counts.empty:
        return
    told = listed(f"{reason}: {count}" for reason, count in sorted(counts.items()))
    why = f" ({told})" if len(counts) <= _REASONS else ""
    yield (
        f"{counted(int(counts.sum()), 'clip')} {were(int(counts.sum()))} excluded from evaluation after "
        f"inspection{why}."
    )


def unsaid() -> list[str]:
    """Return the readers of published datasets for which nothing is cited."""
    return sorted(set(READERS) - set(DATASETS) - {"table"})
