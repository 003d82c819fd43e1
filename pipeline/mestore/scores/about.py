"""About: what is known of persons beside their recordings, such as gender and ethnicity, to score by."""

from pathlib import Path

import pandas as pd

from mestore.errors import ScoreError
from mestore.scores.csvtable import read_csv_table, shown

PERSON = "person"
UNKNOWN = "unknown"
"""Value of a person whom the file does not name, or whose cell is empty."""


def with_about(clips: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return a clip table with the columns of a CSV file that has a row per person.

    Parameters
    ----------
    clips : DataFrame
        The clip table.
    path : Path
        UTF-8 with commas; a column person, as in the clip table, and any others.

    Raises
    ------
    ScoreError
        If the file has no column person, names one twice, knows nobody of the table, or a column of it is one
        of the clip table's.
    """
    read = read_csv_table(path, expected="person,gender,ethnicity")
    others = [name for name in read.columns if name != PERSON]
    if PERSON not in read.columns or not others:
        raise ScoreError(
            f"{path} has the columns {shown(','.join(read.columns))}; expected person and what is known of "
            "them, such as person,gender,ethnicity"
        )
    taken = [name for name in others if name in clips.columns]
    if taken:
        raise ScoreError(
            f"{path}: column {shown(taken[0])} is one of the clip table; expected a name of its own"
        )
    lines: dict[str, int] = {}
    for line, cells in read.rows:
        person = cells[PERSON]
        if person in lines:
            raise ScoreError(
                f"{path}, line {line}: person {shown(person)} is on line {lines[person]} too; expected one "
                "row per person: remove one"
            )
        lines[person] = line
    if not set(lines) & set(clips["person"]):
        raise ScoreError(
            f"{path}: none of the {len(lines)} persons that it names is in the clip table; expected such as "
            f"{shown(min(clips['person']))}"
        )
    known = {cells[PERSON]: cells for _, cells in read.rows}
    values = {
        name: [known.get(person, {}).get(name, "") or UNKNOWN for person in clips["person"]]
        for name in others
    }
    return clips.assign(**values)
