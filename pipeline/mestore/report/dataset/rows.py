"""Rows: the table of all clips, small enough to be in the page: a script draws and sorts it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mestore.clips import timed
from mestore.report.names import clip_anchor
from mestore.report.numbers import too_long

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is known of single clips besides their rows.

    Parameters
    ----------
    failed : collection of str
        Clips that are missing in a store.
    unread : collection of str
        Those whose row or recordings the index could not read.
    unseen : collection of str
        Those that have no section on their subject's page: they are missing in the crops.
    looks : mapping of str to sequence of str
        The quality numbers by which a clip stands out.
    """

    failed: Collection[str]
    unread: Collection[str]
    unseen: Collection[str]
    looks: Mapping[str, Sequence[str]]


def remarks(row: Mapping[Any, Any], told: Told) -> list[str]:
    """Return what there is to say of a clip, in a word each."""
    clip = row["clip_id"]
    said = {
        "failed": clip in told.failed,
        "excluded": bool(row["excluded"]),
        "corrected": bool(row["corrections"]),
        "frames missing": bool(row["gaps"]) and clip not in told.unread,
        "apex estimated": row["apex_source"].startswith("estimated:"),
        "longer than 0.5 s": too_long(row),
    }
    return [word for word, true in said.items() if true] + list(told.looks.get(clip, ()))


def clip_rows(clips: "pd.DataFrame", told: Told, pages: Mapping[str, str]) -> dict[str, Any]:
    """Return the table of clips as plain JSON values, each text once.

    Parameters
    ----------
    clips : DataFrame
        Rows of a clip table.
    told : Told
    pages : mapping of str to str
        Page of each subject that has one.

    Returns
    -------
    dict
        subjects: name and page; words: emotions, action units, kinds and lists of remarks; rows: places of
        subject, clip's name, frames, ms, and places of kind, emotion, action units and remarks, then the
        clip's anchor.
    """
    subjects = sorted(set(clips["subject"]))
    place = {subject: number for number, subject in enumerate(subjects)}
    words: dict[str, int] = {}

    def word(text: str) -> int:
        return words.setdefault(text, len(words))

    rows, read = [], set(timed(clips)["clip_id"])
    for row in clips.to_dict("records"):
        length = row["offset"] - row["onset"] + 1
        known = row["clip_id"] in read
        rows.append(
            [
                place[row["subject"]],
                _name(row),
                length if known else None,
                round(length / row["fps"] * 1000) if known else None,
                word(row["kind"]),
                word(row["emotion"]),
                word(row["aus"]),
                word(", ".join(remarks(row, told))),
                "" if row["clip_id"] in told.unseen else clip_anchor(row["clip_id"]),
            ]
        )
    return {
        "subjects": [[subject, pages.get(subject, "")] for subject in subjects],
        "words": list(words),
        "rows": rows,
    }


def addresses(
    clips: Iterable[tuple[str, str]], pages: Mapping[str, str], *, unseen: Collection[str]
) -> dict[str, str]:
    """Return the address of each clip that has a page: of its section, or of the page where it has none.

    Parameters
    ----------
    clips : iterable of (str, str)
        Id and subject.
    pages : mapping of str to str
        Page of each subject that has one.
    unseen : collection of str
        Clips without a section.
    """
    return {
        clip: pages[subject] if clip in unseen else f"{pages[subject]}#{clip_anchor(clip)}"
        for clip, subject in clips
        if subject in pages
    }


def _name(row: Mapping[Any, Any]) -> str:
    """Return a clip's id without dataset and subject, which stand beside it."""
    name = f"{row['clip']}@{row['onset']}"
    return f"{row['part']}: {name}" if row["part"] else name
