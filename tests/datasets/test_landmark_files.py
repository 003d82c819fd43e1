import csv

import numpy as np
import pytest
from recordings import write_csv

from mestore.datasets.landmark_files import points_in
from mestore.datasets.landmarks import FILE, landmarks_of
from mestore.datasets.own import Places
from mestore.errors import AnnotationError

CLIPS = [("", "s1", "smile", 46), ("", "s1", "smile", 90), ("", "s2", "c", 1)]
POINTS = np.random.default_rng(0).uniform(0, 300, (68, 2)).round(1)
NUMBERS = POINTS.ravel().tolist()


def openface(path, rows, *, header=None):
    """Write a table as OpenFace 2.2 does: a space after each comma, 2D and 3D landmarks side by side."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = ["frame", "face_id", "timestamp", "confidence", "success"]
    names += [f"eye_lmk_{axis}_{i}" for axis in "xy" for i in range(2)]
    names += [f"{axis}_{i}" for axis in "xyXYZ" for i in range(68)]
    with path.open("w", newline="") as stream:
        stream.write(", ".join(header or names) + "\n")
        for frame, success, points in rows:
            cells = [frame, 0, 0.1, 0.9, success, 1, 2, 3, 4, *points.T.ravel(), *np.full(3 * 68, -7.5)]
            stream.write(", ".join(map(str, cells)) + "\n")
    return path


def npy(header):
    """Return a .npy file of that header and no numbers."""
    text = header.replace("10**12", str(10**12)).replace("9**40", str(9**40)).encode()
    return b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text


def landmarks(root, *lines, header=("subject", "clip", "onset", "file")):
    write_csv(root / FILE, [header, *lines])
    return landmarks_of(Places(root=root), clips=CLIPS)


def test_a_row_may_name_a_npy_file_or_a_table_of_openface(tmp_path):
    (tmp_path / "points").mkdir()
    np.save(tmp_path / "points/a.npy", POINTS.astype(np.float32))
    openface(tmp_path / "points/b.csv", [(89, 1, POINTS + 1), (90, 1, POINTS), (91, 1, POINTS - 1)])
    found = landmarks(tmp_path, ("s1", "smile", 46, "points/a.npy"), ("s1", "smile", 90, "points/b.csv"))
    assert set(found) == set(CLIPS[:2])
    np.testing.assert_allclose(found[CLIPS[0]], NUMBERS, atol=1e-4)
    assert found[CLIPS[1]] == NUMBERS


def test_the_number_that_openface_gave_the_onset_may_be_another(tmp_path):
    """OpenFace counts the images of a folder from 1, whatever they are called."""
    openface(tmp_path / "b.csv", [(1, 1, POINTS), (46, 1, POINTS + 1)])
    header = ("subject", "clip", "onset", "file", "frame")
    assert landmarks(tmp_path, ("s1", "smile", 46, "b.csv", 1), header=header) == {CLIPS[0]: NUMBERS}
    with pytest.raises(AnnotationError, match=r"row 2: '1\.5' in column 'frame' is no number"):
        landmarks(tmp_path, ("s1", "smile", 46, "b.csv", 1.5), header=header)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone.npy", "row 2: there is no file 'gone.npy' in .*: put it there"),
        ("", "row 2: there is no file ''"),
        ("../out.npy", r"row 2: there is no file|'\.\.' in it"),
        ("short.npy", r"short.npy holds float64 \(5, 2\); expected numbers of shape \(68, 2\)"),
        ("words.npy", r"words.npy holds <U1 \(68, 2\)"),
        ("objects.npy", r"objects.npy is no .npy file of numbers"),
        ("nan.npy", "nan.npy holds what is no finite number"),
        ("text.npy", "text.npy is no .npy file"),
        ("zip.npy", "zip.npy is no .npy file of numbers"),
        ("claims.npy", "claims.npy is no .npy file of numbers"),
        ("endless.npy", "endless.npy is no .npy file of numbers"),
        ("torn.npy", "torn.npy is no .npy file of numbers"),
        ("other.csv", r"other.csv lacks the columns \['frame', 'x_0', 'x_1', 'x_2'\]; expected OpenFace's"),
        ("late.csv", "late.csv has 0 rows of frame 46; expected one: say in column 'frame'"),
        ("two.csv", "two.csv has 2 rows of frame 46"),
        ("lost.csv", "lost.csv says success 0 at frame 46: OpenFace lost the face; remove the clip"),
        ("word.csv", "word.csv holds what is no number at frame 46"),
        ("cut.csv", "cut.csv holds what is no number at frame 46; expected pixels: write it anew"),
        ("bytes.csv", "bytes.csv is no table of OpenFace"),
    ],
)
def test_what_holds_no_landmarks_is_named(tmp_path, name, message):
    np.save(tmp_path / "short.npy", POINTS[:5])
    np.save(tmp_path / "words.npy", np.full((68, 2), "x"))
    np.save(tmp_path / "objects.npy", np.full((68, 2), None))
    np.save(tmp_path / "nan.npy", np.full((68, 2), np.nan))
    (tmp_path / "text.npy").write_text("1,2,3")
    (tmp_path / "zip.npy").write_bytes(b"PK\3\4")
    (tmp_path / "claims.npy").write_bytes(
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (10**12, 2)}")
    )
    (tmp_path / "endless.npy").write_bytes(
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (9**40, 2)}")
    )
    (tmp_path / "torn.npy").write_bytes(npy("{'descr': (("))
    write_csv(tmp_path / "other.csv", [("a", "b"), (1, 2)])
    openface(tmp_path / "late.csv", [(47, 1, POINTS)])
    openface(tmp_path / "two.csv", [(46, 1, POINTS), (46, 1, POINTS)])
    openface(tmp_path / "lost.csv", [(46, 0, POINTS)])
    openface(tmp_path / "word.csv", [(46, 1, np.full((68, 2), "x"))])
    cut = openface(tmp_path / "cut.csv", [(45, 1, POINTS), (46, 1, POINTS)])
    cut.write_text(cut.read_text()[: cut.read_text().index("\n46, ") + 8])
    (tmp_path / "bytes.csv").write_bytes(bytes(range(128, 256)))
    with pytest.raises(AnnotationError, match=message):
        landmarks(tmp_path, ("s1", "smile", 46, name))


def test_2d_and_3d_landmarks_of_openface_are_told_apart_by_case(tmp_path):
    path = openface(tmp_path / "b.csv", [(1, 1, POINTS)])
    with path.open() as stream:
        names = next(csv.reader(stream, skipinitialspace=True))
    assert {"x_0", "X_0"} <= set(names)
    assert points_in(path, frame=1) == NUMBERS
