import pytest
from fixtures.fourdme import DEPTH, DI4D, EXTRAS, HEADER, LINES, RGB, SHEET, write_fourdme
from pydantic import ValidationError
from recordings import index, write_frames, write_xlsx

from mestore.datasets.fourdme import FourDmeOptions
from mestore.errors import AnnotationError, ParamsError
from mestore.params import DatasetParams, reader_options

EVENTS = [
    "fourdme/S13/1st_001_01_1@100",
    "fourdme/S13/1st_002_01_1@100",
    "fourdme/S20/1st_001_01_1@100",
    "fourdme/S20/2nd_003_02_1@100",
]


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "fourdme"
    write_fourdme(root)
    return root


def rows(found, *columns):
    return [tuple(row) for row in found.clips[list(columns)].values.tolist()]


def test_the_clip_table_of_the_gray_modality(root):
    found = index(root, "fourdme")
    columns = ("clip_id", "onset", "apex", "offset", "emotion", "aus", "aus_given", "split")
    assert rows(found, *columns) == [
        # datasets.md 4.8: frames stored as float; at most two emotions; "(k)" is a static AU
        (EVENTS[0], 100, 102, 105, "surprise+positive", "4(k)+L7", "AU4(k)+L7", "1"),
        (EVENTS[1], 100, 103, 105, "negative", "R2+12(k)+45", "AUR2+12(k)+45", "1"),
        (EVENTS[2], 100, 104, 105, "others", "20+25", "AU20+AU25", "5"),
        (EVENTS[3], 100, 104, 105, "repression", "17", "17", "5"),
    ]
    assert list(found.clips.event) == EVENTS
    assert set(found.clips.fps) == {60.0}  # datasets.md 4.8: gray 60 fps
    assert set(found.clips.modality) == {"gray"}
    assert set(found.clips.part) == {""}
    assert list(found.clips.person) == ["fourdme/S13", "fourdme/S13", "fourdme/S20", "fourdme/S20"]
    assert set(found.clips.edition) == {f"{SHEET} 4-31938b19"}
    assert found.clips.frames[0] == [100, 101, 102, 103, 104, 105]
    assert found.clips.paths[0][0] == "gray_micro/S13/1st_001_01_1/100.jpg"


def test_what_failed_what_no_row_names_and_what_is_not_read(root):
    found = index(root, "fourdme")
    assert rows_of_failures(found) == [(EVENTS[3], "nothing at 'gray_micro/S20/2nd_003_02_1'")]
    # datasets.md 4.8: one such folder had no label
    assert found.unlisted == ["gray_micro/S20/1st_009_01_1"]
    # datasets.md 4.8: per-AU 0/1 columns, eye blink, and one column per emotion
    assert found.notes == [
        f"fourdme: columns of {SHEET} that are not read: AU1, AU4, AU7, eye blink, Positive, Negative, "
        "Surprise, Repression, Others"
    ]


def rows_of_failures(found):
    return list(zip(found.failures.clip_id, found.failures.found, strict=True))


def test_kinect_counts_half_as_fast_where_the_user_says_so(root):
    found = index(root, "fourdme", **RGB)
    # datasets.md 4.8: RGB 30 fps; a 60 fps frame number must be halved for Kinect (inference)
    assert rows(found, "onset", "apex", "offset", "fps", "modality") == [
        (50, 51, 52, 30.0, "colour"),
        (50, 51, 52, 30.0, "colour"),
        (50, 52, 52, 30.0, "colour"),
        (50, 52, 52, 30.0, "colour"),
    ]
    assert list(found.clips.event) == EVENTS
    assert found.clips.frames[0] == [50, 51, 52]
    halved = "frame numbers: half of the sheet's (option kinect_numbers)"
    assert set(found.clips.corrections) == {halved}


def test_kinect_numbered_as_gray_has_every_other_frame(root):
    found = index(root, "fourdme", **DEPTH)
    assert rows(found, "onset", "apex", "offset", "fps", "gaps", "modality")[0] == (
        *(100, 102, 105, 60.0, True, "depth"),
    )
    assert list(found.clips.event) == EVENTS
    assert found.clips.frames[0] == [100, 102, 104]
    assert rows_of_failures(found)[0] == (
        EVENTS[1],
        "no frame 103 (apex) in 'kinect/depth/S13-1st_002_01_1', which holds 3 frames from 100 to 104",
    )


def test_a_camera_of_di4d_is_read_by_a_layout_and_meshes_are_not(root):
    found = index(root, "fourdme", **DI4D)
    assert rows(found, "fps", "modality")[0] == (60.0, "di4d")
    assert found.unlisted == ["DI4D/S20/1st_009_01_1/camera_1"]


def test_modalities_under_several_names_share_persons_and_events(root):
    gray, rgb = index(root, "fourdme", dataset="gray"), index(root, "fourdme", dataset="rgb", **RGB)
    assert list(gray.clips.person) == list(rgb.clips.person)
    assert list(gray.clips.event) == list(rgb.clips.event) == EVENTS
    assert not set(gray.clips.clip_id) & set(rgb.clips.clip_id)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"modality": "rgb", "kinect_numbers": "halved"}, "no source shows the folders of rgb"),
        ({"modality": "depth", "layout": "{clip}"}, "kinect_numbers is None with the modality depth"),
        ({"kinect_numbers": "halved"}, "kinect_numbers is halved with the modality gray"),
        ({"layout": "{clip.x}"}, "other braces"),
        ({"layout": "gray/{subject}"}, "lacks"),
        ({"layout": "../{clip}"}, "no plain path"),
        ({"modality": "mesh"}, "modality"),
    ],
)
def test_options_that_cannot_be_are_refused_when_params_are_read(options, word):
    with pytest.raises(ValidationError, match=word):
        FourDmeOptions(**options)
    with pytest.raises(ParamsError, match=word):
        reader_options(DatasetParams(reader="fourdme", options=options))


def test_another_layout_of_gray(root):
    (root / "gray_micro").rename(root / "gray_micro_crop")  # datasets.md 4.8: a lab crop
    with pytest.raises(
        AnnotationError, match=r"folders like gray_micro/{subject}/{clip}, found none in '4DME_Labelling"
    ):
        index(root, "fourdme")
    found = index(root, "fourdme", layout="gray_micro_crop/{subject}/{clip}")
    assert found.clips.paths[0][0] == "gray_micro_crop/S13/1st_001_01_1/100.jpg"


def test_the_extras_alone_are_no_coding_sheet(root):
    (root / SHEET).unlink()
    # datasets.md 4.8: trailing apostrophes are part of the headers
    with pytest.raises(AnnotationError, match=rf"(?s){EXTRAS}.*has 'sub_ID', 'fold', .* lacks"):
        index(root, "fourdme")


def test_a_sheet_without_folds_has_no_split(root):
    lines = [[cell for i, cell in enumerate(line) if i != 1] for line in (HEADER, *LINES)]
    write_xlsx(root / SHEET, lines)
    assert set(index(root, "fourdme").clips.split) == {""}


def test_a_last_row_that_sums_up_is_dropped_and_said(tmp_path):
    # datasets.md 4.8: a last summary row to drop
    write_fourdme(tmp_path / "r", summary=True)
    found = index(tmp_path / "r", "fourdme")
    assert len(found.clips) == 4
    assert found.notes[0] == (
        f"fourdme: {SHEET}, sheet 'Sheet1', row 6 is no clip: taken for a sum of the others, "
        "as some editions have"
    )


@pytest.mark.parametrize(
    ("subject", "clip"),
    [(None, "c"), ("S1", None), ("..", "c"), ("S1", "../.."), ("S1", "/etc"), ("a/b", "c")],
)
def test_a_clip_that_cannot_be_named_stops_all(root, subject, clip):
    write_xlsx(root / SHEET, [HEADER, LINES[0], (subject, 1, clip, "Others", 1, 2, 3, 4), LINES[1]])
    with pytest.raises(AnnotationError, match=r"row 3: .* is no name"):
        index(root, "fourdme")


@pytest.mark.parametrize("options", [{}, RGB])
def test_cells_that_are_no_numbers_are_faults_with_their_own_text(root, options):
    write_xlsx(root / SHEET, [HEADER, ("S13", 1, "1st_001_01_1", "Others", "x", 2.5, 3, 4)])
    [found] = index(root, "fourdme", **options).failures.found
    assert found == f"'x' as onset in {SHEET}, sheet 'Sheet1', row 2"


def test_a_link_that_leaves_is_unsafe_and_the_root_may_be_one(root, tmp_path):
    (tmp_path / "link").symlink_to(root)
    folder = root / "gray_micro/S13"
    folder.rename(tmp_path / "outside")
    folder.symlink_to(tmp_path / "outside")
    found = index(tmp_path / "link", "fourdme")
    assert sum("passes a link that leaves" in text for text in found.failures.found) == 2
    assert len(found.failures) == 3


def test_a_second_sheet_with_the_columns_must_be_chosen_from(root):
    write_xlsx(root / "4DME_Labelling_Macro.xlsx", [HEADER, *LINES])
    with pytest.raises(AnnotationError, match=r"found \['4DME_Labelling_Macro.xlsx', '4DME_Labelling_Micro"):
        index(root, "fourdme")
    write_frames(root / "gray_micro/S20/2nd_003_02_1", [f"{n}.jpg" for n in range(100, 106)])
    assert index(root, "fourdme", sheet=SHEET).failures.empty
