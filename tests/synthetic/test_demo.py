import csv

import cv2
import numpy as np
import openpyxl
import pytest

from mestore.errors import MEStoreError
from mestore.synthetic.demo import FRAMES, PERSONS, SHEET, read_truth, write_demo
from mestore.synthetic.script import EXPRESSIONS, PEAKS, cast, direct
from mestore.synthetic.stills import STILLS


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("raw") / "simulated", subjects=2, clips=2, seed=11)


def frames_of(root):
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in (root / FRAMES).rglob("*.jpg")}


def test_the_sheet_has_the_layout_of_casme2(demo):
    sheet = openpyxl.load_workbook(demo / SHEET)["Sheet1"]
    header, *rows = sheet.iter_rows(values_only=True)
    assert header == (
        "Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None,
        "Action Units", "Estimated Emotion",
    )  # fmt: skip
    assert [row[0] for row in rows] == ["01", "01", "02", "02"]
    assert {row[8] for row in rows} == {"happiness", "disgust"}
    assert all(isinstance(row[7], str) and row[3] < row[4] < row[5] for row in rows)


def test_the_frames_are_those_from_onset_to_offset(demo):
    sheet = openpyxl.load_workbook(demo / SHEET)["Sheet1"]
    for subject, clip, _, onset, _, offset, *_ in list(sheet.iter_rows(values_only=True))[1:]:
        folder = demo / FRAMES / f"sub{subject}" / clip
        assert {path.name for path in folder.iterdir()} == {f"img{n}.jpg" for n in range(onset, offset + 1)}
        assert onset > 1
        assert 30 <= offset - onset <= 45
        assert cv2.imread(str(folder / f"img{onset}.jpg")).shape == (320, 320, 3)


def test_the_truth_is_that_of_the_sheet(demo):
    sheet = openpyxl.load_workbook(demo / SHEET)["Sheet1"]
    truth = read_truth(demo)
    rows = list(sheet.iter_rows(values_only=True))[1:]
    assert len(truth) == len(rows)
    for subject, clip, _, onset, apex, offset, _, aus, _ in rows:
        found = truth[f"sub{subject}/{clip}"]
        assert (found.onset, found.apex, found.offset, found.aus) == (onset, apex, offset, aus)


def test_subjects_of_one_still_are_one_person(demo):
    with (demo / PERSONS).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == [
        {"dataset": "simulated", "subject": "sub01", "person": STILLS[0]},
        {"dataset": "simulated", "subject": "sub02", "person": STILLS[1]},
    ]


def test_equal_seeds_write_equal_frames(demo, tmp_path):
    whole = frames_of(demo)
    part = frames_of(write_demo(tmp_path / "again", subjects=1, clips=2, seed=11))
    assert part == {name: whole[name] for name in part}
    assert len(part) > 60


def test_an_earlier_demo_is_replaced_and_nothing_else_is(tmp_path):
    goal = tmp_path / "demo"
    goal.mkdir()
    write_demo(goal, subjects=1, clips=1, seed=1)
    first = frames_of(goal)
    write_demo(goal, subjects=1, clips=1, seed=2)
    assert frames_of(goal) != first
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(MEStoreError, match="is not empty and no earlier demo"):
        write_demo(tmp_path / "mine", subjects=1, clips=1)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "precious"


def test_a_broken_run_leaves_nothing_behind(tmp_path):
    def stop(done, total):
        assert (done, total) == (1, 1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_demo(tmp_path / "demo", subjects=1, clips=1, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_no_subjects_are_refused(tmp_path):
    with pytest.raises(ValueError, match="expected at least 1 of each"):
        write_demo(tmp_path / "demo", subjects=0)


def test_the_script_covers_units_emotions_and_peaks_evenly():
    actors = [cast(index, seed=2026) for index in range(8)]
    takes = [direct(actor, clips=5, seed=2026) for actor in actors]
    emotions = [emotion for emotion, _ in EXPRESSIONS]
    assert all([take.emotion for take in clips] == emotions for clips in takes)
    units = {int(unit) for clips in takes for take in clips for unit in take.truth.aus.split("+")}
    assert units == {1, 2, 4, 6, 7, 9, 12, 14, 15, 17}
    peaks = np.array([[peak_of(take.truth) for take in clips] for clips in takes])
    np.testing.assert_allclose([peaks.min(), peaks.max()], PEAKS, rtol=0.01)
    np.testing.assert_allclose(np.sort(peaks, axis=1), np.tile(np.geomspace(*PEAKS, 5), (8, 1)), rtol=0.01)
    assert len({take.truth.offset - take.truth.onset for clips in takes for take in clips}) > 5


def peak_of(truth):
    low, high = truth.field.centres.min(axis=0) - 30, truth.field.centres.max(axis=0) + 30
    x, y = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
    return np.hypot(*truth.field.at(np.stack([x.ravel(), y.ravel()], axis=1)).T).max()
