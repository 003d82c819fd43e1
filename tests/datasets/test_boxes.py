import json

import numpy as np
import pytest
from recordings import TABLE_HEADER, index, write_csv, write_frames

from mestore.build.raw import RawClips
from mestore.datasets.boxes import boxes_of
from mestore.datasets.own import BOXES, Places
from mestore.datasets.table_io import read_parquet, write_parquet
from mestore.errors import AnnotationError

CLIPS = [("", "s1", "c", 9), ("", "s2", "c", 9)]
HEADER = ("subject", "clip", "onset", "x", "y", "w", "h")


def boxes(root, *lines):
    write_csv(root / BOXES, [HEADER, *lines])
    return boxes_of(Places(root=root), clips=CLIPS)


def test_a_box_is_four_numbers_of_a_clip(tmp_path):
    assert boxes_of(Places(root=tmp_path), clips=CLIPS) == {}
    assert boxes(tmp_path, ("s2", "c", 9, -4.5, 3, 120, 150)) == {CLIPS[1]: [-4.5, 3.0, 120.0, 150.0]}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("s3", "c", 9, 0, 0, 9, 9), "row 2: there is no clip 'c' of subject 's3' with onset 9"),
        (("s1", "c", 9, 0, 0, 0, 9), "row 2: a box 0 wide and 9 high; expected pixels above 0"),
        (("s1", "c", 9, 0, 0, "x", 9), "row 2: 'x' in column 'w'; expected a finite number"),
    ],
)
def test_bad_rows_are_named(tmp_path, line, message):
    with pytest.raises(AnnotationError, match=message):
        boxes(tmp_path, line)


def test_a_box_goes_from_the_file_to_the_recording_and_decides_what_is_built(tmp_path):
    def samples(width):
        for subject in ("s1", "s2"):
            write_frames(tmp_path / "lab" / subject, ["9.png", "10.png"])
        lines = [(subject, "c", subject, 9, 10, 10, 200, "", "", "") for subject in ("s1", "s2")]
        write_csv(tmp_path / "lab/recordings.csv", [(*TABLE_HEADER, "modality"), *lines])
        write_csv(tmp_path / "lab" / BOXES, [HEADER, ("s1", "c", 9, 1, 2, width, 4.5)])
        write_parquet(index(tmp_path / "lab", "table").clips, tmp_path / "clips.parquet")
        table = read_parquet(tmp_path / "clips.parquet").set_index("subject", drop=False)
        raws = [RawClips.of(tmp_path / "lab", table.loc[[subject]]) for subject in ("s1", "s2")]
        read = [make() for raw in raws for _, make in raw.clips()]
        return read, [json.dumps(raw.digest(), default=np.ndarray.tolist) for raw in raws]

    (first, second), before = samples(3)
    assert first.box == (1.0, 2.0, 3.0, 4.5) and second.box is None
    assert first.landmarks is None
    _, after = samples(5)
    assert before[0] != after[0] and before[1] == after[1]
