"""docs/datasets.md says what the code does: its tables are those of the code."""

from pathlib import Path

import pytest

from mestore import clips
from mestore.aus import POLICIES
from mestore.datasets import READERS
from mestore.labels.maps import MAPS

PAGE = (Path(__file__).parents[2] / "docs/datasets.md").read_text(encoding="utf-8")


def test_the_columns_of_the_clip_table():
    rows = [
        f"| `{name}` | {kind} | {meaning} |".replace("<", "\\<")
        for name, (kind, meaning) in clips.COLUMNS.items()
    ]
    assert "\n".join(rows) in PAGE


@pytest.mark.parametrize("name", READERS)
def test_every_reader_and_its_layouts(name):
    assert f"\n| `{name}` | {READERS[name].title} |" in PAGE
    assert all(value in PAGE for options in READERS[name].layouts for value in options.values())


@pytest.mark.parametrize("name", [*MAPS, *POLICIES])
def test_every_label_map_and_policy(name):
    assert f"`{name}`" in PAGE
