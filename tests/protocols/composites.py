"""Clip tables of invented clips whose counts are those that are published of composites (datasets.md 1)."""

import pandas as pd

from conftest import clip_table
from mestore.clips import clip_id

CASME2_COUNTS = {"disgust": 63, "happiness": 32, "repression": 27, "surprise": 25}
"""Emotions of the sheet of 255 rows, those of three classes: MEGC2019 has two clips fewer."""

SAMM_COUNTS = {
    "anger": 57,
    "happiness": 26,
    "surprise": 15,
    "contempt": 12,
    "disgust": 9,
    "fear": 8,
    "sadness": 6,
    "others": 26,
}
SMIC_COUNTS = {"negative": 70, "positive": 51, "surprise": 43}
CASME2_CLASSES = {"I": 25, "II": 15, "III": 99, "IV": 26, "V": 20, "VI": 1, "VII": 69}
SAMM_CLASSES = {"I": 24, "II": 13, "III": 20, "IV": 8, "V": 3, "VI": 7, "VII": 84}

UNITS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17)
AU_COUNTS = {
    "casme": (23, 17, 70, 0, 1, 4, 40, 3, 9, 23, 14, 13),
    "casme2": (26, 22, 130, 2, 13, 39, 13, 16, 34, 27, 16, 25),
    "samm": (6, 18, 23, 10, 3, 46, 5, 6, 28, 13, 4, 6),
    "fourdme": (46, 54, 102, 8, 25, 89, 1, 2, 53, 4, 6, 11),
    "mmew": (50, 41, 109, 70, 10, 47, 8, 38, 37, 17, 6, 11),
    "casme3": (153, 128, 274, 44, 8, 27, 50, 10, 15, 193, 6, 20),
}
CASME2_AUS_255 = (26, 21, 129, 2, 13, 38, 13, 17, 34, 27, 16, 25)
CLIPS = {"casme": 189, "casme2": 256, "samm": 159, "fourdme": 267, "mmew": 300, "casme3": 860}
PERSONS = {"casme": 19, "casme2": 26, "samm": 29, "fourdme": 42, "mmew": 30, "casme3": 94}
SUBJECTS = {"casme2": "sub{:02d}", "samm": "{:03d}", "smic": "s{}"}
_TEMPLATE = clip_table(persons=1, clips_each=1).iloc[0].to_dict()


def rows_of(
    reader: str,
    *,
    count: int,
    persons: int,
    dataset: str = "",
    part: str = "",
    modality: str = "colour",
    family: str = "",
    first: int = 1,
    prefix: str = "c",
) -> pd.DataFrame:
    """Return clips of a dataset, its subjects taking turns, without any label."""
    rows = []
    for number in range(count):
        subject = SUBJECTS.get(reader, "p{}").format(first + number % persons)
        clip = f"{prefix}{number:03d}"
        rows.append(
            _TEMPLATE
            | {
                "clip_id": clip_id(
                    dataset=dataset or reader, part=part, subject=subject, clip=clip, onset=10
                ),
                "dataset": dataset or reader,
                "reader": reader,
                "part": part,
                "subject": subject,
                "person": f"{family or reader}/{subject}",
                "clip": clip,
                "video": clip,
                "event": f"{family or reader}/{subject}/{clip}@10",
                "modality": modality,
                "emotion": "",
                "aus": "",
                "aus_given": "",
            }
        )
    return pd.DataFrame(rows)


def labelled(rows: pd.DataFrame, **columns: dict[str, int]) -> pd.DataFrame:
    """Return rows with labels in the order of their counts."""
    for column, counted in columns.items():
        labels = [label for label, number in counted.items() for _ in range(number)]
        rows = rows.assign(**{column: labels})
    return rows


def renamed(rows: pd.DataFrame, row: int, *, subject: str, clip: str) -> pd.DataFrame:
    """Return rows of which one is the clip of that name."""
    rows = rows.copy()
    dataset, reader = rows.loc[row, "dataset"], rows.loc[row, "reader"]
    rows.loc[row, ["subject", "clip", "video"]] = [subject, clip, clip]
    rows.loc[row, "person"] = f"{reader}/{subject}"
    rows.loc[row, "event"] = f"{reader}/{subject}/{clip}@10"
    rows.loc[row, "clip_id"] = clip_id(dataset=dataset, subject=subject, clip=clip, onset=10)
    return rows


def copied(rows: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """Return the same clips under another dataset's name."""
    ids = [dataset + it.removeprefix(name) for it, name in zip(rows["clip_id"], rows["dataset"], strict=True)]
    return rows.assign(dataset=dataset, clip_id=ids)


def joined(*tables: pd.DataFrame) -> pd.DataFrame:
    """Return several clip tables as one."""
    return pd.concat(tables, ignore_index=True)


def megc2019() -> pd.DataFrame:
    """Return a table of which MEGC2019 scores 442 clips: with two that it excludes, and SMIC in VIS."""
    casme2 = labelled(rows_of("casme2", count=147, persons=24), emotion=CASME2_COUNTS)
    casme2 = renamed(casme2, 3, subject="sub04", clip="EP12_01f")
    casme2 = renamed(casme2, 4, subject="sub05", clip="EP09_05f")
    casme2 = renamed(casme2, 124, subject="sub05", clip="EP12_03f")
    samm = labelled(rows_of("samm", count=159, persons=28, first=6), emotion=SAMM_COUNTS)
    hs = rows_of("smic", part="hs", count=164, persons=16)
    vis = rows_of("smic", part="vis", count=40, persons=16)
    emotions = labelled(hs, emotion=SMIC_COUNTS)
    return joined(casme2, samm, emotions, vis.assign(emotion=emotions["emotion"][:40]))


def megc2018() -> pd.DataFrame:
    """Return a table of which MEGC2018 scores 185 clips of CASME II and 68 of SAMM."""
    casme2 = labelled(rows_of("casme2", count=255, persons=26), objective_class=CASME2_CLASSES)
    scored = labelled(
        rows_of("samm", count=68, persons=21, first=6), objective_class=_first_five(SAMM_CLASSES)
    )
    others = rows_of("samm", count=91, persons=29, first=6, prefix="o")
    return joined(casme2, scored, labelled(others, objective_class={"VI": 7, "VII": 84}))


def _first_five(counted: dict[str, int]) -> dict[str, int]:
    return {name: counted[name] for name in ("I", "II", "III", "IV", "V")}


def coded(rows: pd.DataFrame, numbers: tuple[int, ...]) -> pd.DataFrame:
    """Return rows that show each of the twelve units as often as `numbers` say."""
    units: list[list[str]] = [[] for _ in range(len(rows))]
    place = 0
    for unit, number in zip(UNITS, numbers, strict=True):
        for _ in range(number):
            units[place % len(rows)].append(str(unit))
            place += 1
    return rows.assign(aus=["+".join(it) for it in units])


def cd6me(*, rows_255: bool = False) -> pd.DataFrame:
    """Return a table of CD6ME's six datasets; `rows_255`: with CASME II's smaller sheet."""
    tables = []
    for reader, count in CLIPS.items():
        numbers, edition = AU_COUNTS[reader], f"{reader}.xlsx {count}-0123abcd"
        if rows_255 and reader == "casme2":
            count, numbers, edition = 255, CASME2_AUS_255, "casme2.xlsx 255-0123abcd"
        rows = rows_of(
            reader,
            count=count,
            persons=PERSONS[reader],
            part="a" if reader == "casme3" else "",
            modality="gray" if reader in ("samm", "fourdme") else "colour",
        )
        tables.append(coded(rows, numbers).assign(edition=edition))
    return joined(*tables)


TABLES = {"megc2018": megc2018, "megc2019": megc2019, "cd6me": cd6me}
"""What each of these protocols runs over."""
