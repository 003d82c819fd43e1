import json

import numpy as np
import pytest
from PIL import Image
from recordings import TABLE_HEADER, index, pixels, write_csv, write_frames

from mestore.align import align_sample
from mestore.align_params import AlignParams
from mestore.build.raw import RawClips
from mestore.datasets.landmarks import COLUMNS, COORDINATES, FILE, landmarks_of
from mestore.datasets.own import Places
from mestore.datasets.table_io import read_parquet, write_parquet
from mestore.errors import AnnotationError, ClipFault, UnsafePathError
from mestore.faces.shape68 import reference_shape
from mestore.features import FEATURES, FLOWS

CLIPS = [("", "sub01", "EP02_01f", 46), ("", "sub01", "EP02_01f", 90), ("", "sub02", "EP03", 1)]
NUMBERS = [float(number) for number in range(136)]


def line(*, subject="sub01", clip="EP02_01f", onset=46, points=NUMBERS):
    return (subject, clip, onset, *points)


def landmarks(root, *lines, header=COLUMNS, clips=CLIPS):
    write_csv(root / FILE, [header, *lines])
    return landmarks_of(Places(root=root), clips=clips)


def test_without_the_file_no_clip_has_landmarks(tmp_path):
    assert landmarks_of(Places(root=tmp_path), clips=CLIPS) == {}


def test_the_columns_are_68_points_one_after_the_other():
    assert COLUMNS[:6] == ("subject", "clip", "onset", "x0", "y0", "x1")
    assert len(COORDINATES) == 136 and COORDINATES[-2:] == ("x67", "y67")


def test_a_clip_is_named_by_subject_clip_and_onset(tmp_path):
    other = [number - 7.25 for number in NUMBERS]
    found = landmarks(tmp_path, line(onset="090"), line(subject="sub02", clip="EP03", onset=1, points=other))
    assert found == {CLIPS[1]: NUMBERS, CLIPS[2]: other}


def test_columns_stand_in_any_order_and_as_openface_names_them(tmp_path):
    header = ["onset", *(f"x_{i}" for i in range(68)), *(f"y_{i}" for i in range(68)), "Clip", "Subject"]
    points = [*NUMBERS[::2], *NUMBERS[1::2]]
    assert landmarks(tmp_path, (46, *points, "EP02_01f", "sub01"), header=header) == {CLIPS[0]: NUMBERS}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            [line(onset=47)],
            r"row 2: there is no clip 'EP02_01f' of subject 'sub01' with onset 47; expected .*"
            r"such as 'EP02_01f' with onset 46, 'EP02_01f' with onset 90",
        ),
        ([line(clip="EP02")], "such as 'EP02_01f' with onset 46"),
        ([line(subject="1")], "such as those of subject 'sub01', those of subject 'sub02'"),
        ([line(), line()], "row 3: clip 'EP02_01f' of subject 'sub01' with onset 46 stands there twice"),
        ([line(onset="")], "row 2: '' in column 'onset'; expected a frame number"),
        ([line(onset="46.5")], "'46.5' in column 'onset'"),
        ([line(points=[*NUMBERS[:-1], ""])], "row 2: '' in column 'y67'; expected a finite number"),
        ([line(points=NUMBERS[:-1])], "row 2: found 138 cells; expected 139"),
        ([line(points=["nan", *NUMBERS[1:]])], "'nan' in column 'x0'"),
        ([line(points=["1e999", *NUMBERS[1:]])], "'1e999' in column 'x0'"),
        ([line(points=["1_2", *NUMBERS[1:]])], "'1_2' in column 'x0'"),
        ([line(points=["12,5", *NUMBERS[1:]])], "'12,5' in column 'x0'.*with a decimal point"),
    ],
)
def test_bad_rows_are_named(tmp_path, lines, message):
    with pytest.raises(AnnotationError, match=message):
        landmarks(tmp_path, *lines)


def test_fewer_points_than_68_are_refused(tmp_path):
    with pytest.raises(AnnotationError, match=r"lacks \['x67', 'y67'\]"):
        landmarks(tmp_path, line(points=NUMBERS[:-2]), header=COLUMNS[:-2])


def test_parts_that_share_a_clips_names_are_told_apart(tmp_path):
    clips = [("hs", "s1", "c", 9), ("vis", "s1", "c", 9), ("vis", "s1", "d", 9)]
    header = (*COLUMNS, "part")
    lines = [(*line(subject="s1", clip=clip, onset=9), part) for clip, part in (("c", "hs"), ("d", ""))]
    assert landmarks(tmp_path, *lines, header=header, clips=clips) == {clips[0]: NUMBERS, clips[2]: NUMBERS}
    assert landmarks(tmp_path, line(subject="s1", clip="d", onset=9), clips=clips) == {clips[2]: NUMBERS}
    for part in ("", "nir"):
        message = rf"row 2: clip 'c' .* is in the parts \['hs', 'vis'\], and column 'part' says '{part}'"
        with pytest.raises(AnnotationError, match=message):
            landmarks(tmp_path, (*line(subject="s1", clip="c", onset=9), part), header=header, clips=clips)


def test_a_link_that_leads_nowhere_or_out_and_a_folder_are_refused(tmp_path):
    root = tmp_path / "lab"
    root.mkdir()
    (root / FILE).symlink_to(root / "gone.csv")
    with pytest.raises(AnnotationError, match="is no file; expected a table"):
        landmarks_of(Places(root=root), clips=CLIPS)
    (root / FILE).unlink()
    (root / FILE).mkdir()
    with pytest.raises(AnnotationError, match="is no file; expected a table"):
        landmarks_of(Places(root=root), clips=CLIPS)
    (root / FILE).rmdir()
    write_csv(tmp_path / "other.csv", [COLUMNS])
    (root / FILE).symlink_to(tmp_path / "other.csv")
    with pytest.raises(UnsafePathError, match="leaves the dataset's folder"):
        landmarks_of(Places(root=root), clips=CLIPS)


# From the file to flow


def dataset(root, *, modality="", shift=0.0):
    """Two clips of three frames of 32 x 24 px; that of s1 has the reference face as its landmarks."""
    names = ["9.png", "10.png", "11.png"]
    for subject in ("s1", "s2"):
        write_frames(root / subject, names)
        for seed, name in enumerate(names if modality == "depth" else []):
            depths = 600 + pixels(seed)[..., 0].astype(np.uint16)
            depths[0, 0] = 450  # outside the face
            Image.fromarray(depths).save(root / subject / name)
    lines = [(subject, "c", subject, 9, 10, 11, 200, "", "", modality) for subject in ("s1", "s2")]
    write_csv(root / "recordings.csv", [(*TABLE_HEADER, "modality"), *lines])
    face = reference_shape(24) + np.array([4 + shift, 0])
    write_csv(root / FILE, [COLUMNS, ("s1", "c", 9, *face.ravel())])
    write_parquet(index(root, "table").clips, root.parent / "clips.parquet")
    return read_parquet(root.parent / "clips.parquet").set_index("subject", drop=False)


def raw(root, clips, subject):
    return RawClips.of(root, clips.loc[[subject]])


def sample(root, clips, subject):
    ((_, read),) = raw(root, clips, subject).clips()
    return read()


@pytest.fixture
def root(tmp_path):
    return tmp_path / "lab"


@pytest.mark.parametrize("kind", FLOWS)
@pytest.mark.parametrize("modality", ["gray", "depth"])
def test_frames_of_noise_go_all_the_way_to_flow(root, kind, modality):
    crops = align_sample(sample(root, dataset(root, modality=modality), "s1"), AlignParams(side=48))
    np.testing.assert_allclose(crops.landmarks, reference_shape(48), atol=1e-4)
    spec = FEATURES[kind]
    flow = spec.load()(crops, spec.params_model()())
    assert flow.data.shape == (48, 48, 3) and np.isfinite(flow.data).all()


def test_clips_without_landmarks_are_left_to_the_backend(root):
    found = sample(root, dataset(root), "s2")
    assert found.landmarks is None
    with pytest.raises(ClipFault, match="no face in 32 x 24 px"):
        align_sample(found, AlignParams())


def test_a_depth_clip_is_read_in_the_range_of_its_face(root):
    found = sample(root, dataset(root, modality="depth"), "s1").data[0, ..., 0]
    depths = np.asarray(Image.open(root / "s1/9.png")).astype(int)
    # The reference face spans x 5.2 to 25.8 and, of 24 rows, y 4.7 to 24.5.
    behind = np.clip(depths - depths[4:, 5:27].min(), 0, 400)
    assert found.tolist() == (1 + (254 * behind + 200) // 400).tolist()


def test_changed_landmarks_rebuild_their_subject_and_no_other(root):
    def digests(shift):
        clips = dataset(root, shift=shift)
        return [json.dumps(raw(root, clips, subject).digest()) for subject in ("s1", "s2")]

    first, second = digests(0.0), digests(0.5)
    assert first[0] != second[0] and first[1] == second[1]
    assert first == digests(0.0)
