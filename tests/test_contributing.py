"""The reader that CONTRIBUTING shows is run: an example that does not work is worse than none."""

import re
import sys
import textwrap
from pathlib import Path

import pytest
from recordings import index, pixels, write_csv, write_video

from mestore.datasets import READERS
from mestore.datasets.spec import ReaderSpec

TEXT = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.fixture
def meview(tmp_path, monkeypatch):
    """The example's module and its line of the registry, as if they had been added."""
    module, line = (
        textwrap.dedent(block) for block in re.findall(r" +```python\n(.*?) +```", TEXT, re.DOTALL)
    )
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "meview.py").write_text(module, encoding="utf-8")
    package = sys.modules["mestore.datasets"]
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    added = eval("{" + line + "}", {"ReaderSpec": ReaderSpec})
    monkeypatch.setitem(READERS, "meview", added["meview"])
    yield
    sys.modules.pop("mestore.datasets.meview", None)


def test_the_example_reads_a_dataset(meview, tmp_path):
    root = tmp_path / "meview"
    write_video(root / "videos/poker.mp4", [pixels(seed) for seed in range(6)])
    write_csv(
        root / "labels.csv",
        [
            ("Subject", "Filename", "Onset", "Offset", "Emotion", "AUs"),
            ("7", "poker", 1, 4, "Surprise", "1+2"),
        ],
    )
    found = index(root, "meview")
    [clip] = found.clips.itertuples()
    assert found.failures.empty
    assert (clip.clip_id, clip.frames, clip.emotion) == ("meview/7/poker@1", [1, 2, 3, 4], "surprise")
    assert (clip.aus, clip.apex_source, clip.person) == ("1+2", "estimated:middle", "meview/7")
