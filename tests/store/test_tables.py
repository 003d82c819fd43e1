"""The tables of a store come back as they were, whatever their cells hold."""

import pandas as pd
import pytest

from conftest import clip_table
from mestore import clips
from mestore.store.tables import read_clips, read_failures, write_tables


@pytest.mark.parametrize("sign", ["\r", "\n", "\r\n", "\0", "\x1c", "\x85", '"', ",", "\u2028"])
def test_a_sign_in_a_cell_ends_no_row(tmp_path, sign):
    """Seen: after a lone CR the rest of the cell was read as another clip."""
    table = clip_table()
    table["aus_given"] = f"4{sign}7"
    failures = pd.DataFrame([dict.fromkeys(clips.FAILURES, f"a{sign}b")]).astype("str")
    write_tables(tmp_path, table, failures)
    assert read_clips(tmp_path).equals(table.drop(columns=list(clips.SOURCES)))
    assert read_failures(tmp_path / "failures.csv").equals(failures)
