import shutil

import pytest
from fixtures.smic import write_smic
from fixtures.smic_e import (
    HEADER_HS,
    HEADER_NIR,
    HEADER_VIS,
    HS,
    LINES_HS,
    LINES_NIR,
    LINES_VIS,
    NIR,
    VIS,
    images,
    write_book,
    write_smic_e,
)
from recordings import index, write_csv, write_frames

from mestore.errors import AnnotationError

BOOK = f"{HS}/SMIC-HS-E_annotation.xlsx"


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "smic_e"
    write_smic_e(root)
    return root


def rewrite(root, lines, *, header=HEADER_HS):
    write_book(root / BOOK, {"HS": [header, *lines]})


def test_the_quirks_of_a_delivery(root):
    table = index(root, "smic_e").clips.set_index("clip_id")
    columns = ["video", "onset", "offset", "fps", "emotion", "modality"]
    assert {key: tuple(row) for key, row in table[columns].iterrows()} == {
        # datasets.md 4.4: the folder is s01, the clip s1_ne_01; jpg.
        "smic_e-hs/s1/s1_ne_01@100002": ("s1_ne_01", 100002, 100004, 100.0, "negative", "colour"),
        # 4.4: a long video that holds two listed clips.
        "smic_e-hs/s9/s9_sur_01@502": ("s9_sur_01", 502, 503, 100.0, "surprise", "colour"),
        "smic_e-hs/s9/s9_sur_02@506": ("s9_sur_01", 506, 508, 100.0, "surprise", "colour"),
        # 4.4: a second micro-expression in Onset2F and Offset2F.
        "smic_e-hs/s20/s20_ne_06@17581040": ("s20_ne_06", 17581040, 17581041, 100.0, "negative", "colour"),
        "smic_e-hs/s20/s20_ne_06@17581043": ("s20_ne_06", 17581043, 17581044, 100.0, "negative", "colour"),
        # 4.4: the Emotion column says negative; trust the folder.
        "smic_e-hs/s18/s18_sur_03@700": ("s18_sur_03", 700, 702, 100.0, "surprise", "colour"),
        # 4.4: a listed clip without folder, and a formula without its value: both fail, and count.
        "smic_e-hs/s3/s3_ne_03@900": ("s3_ne_03", 900, 902, 100.0, "negative", "colour"),
        "smic_e-hs/s3/s3_ne_04@910": ("s3_ne_04", 910, -1, 100.0, "negative", "colour"),
        # 1.1: 25 fps. 4.4: VIS has no LastF.
        "smic_e-vis/s20/s20_ne_06@4321": ("s20_ne_06", 4321, 4322, 25.0, "negative", "colour"),
        "smic_e-vis/s20/s20_ne_06@4324": ("s20_ne_06", 4324, 4325, 25.0, "negative", "colour"),
        "smic_e-vis/s18/s18_sur_03@4401": ("s18_sur_03", 4401, 4402, 25.0, "surprise", "colour"),
        # 4.4: NIR's sheet has "OnsetF NIR"; its ApexF may be a lab's own.
        "smic_e-nir/s20/s20_ne_06@8321": ("s20_ne_06", 8321, 8323, 25.0, "negative", "nir"),
    }
    first = table.loc["smic_e-hs/s1/s1_ne_01@100002"]
    assert first.paths == [
        f"{HS}/SMIC_HS_E/s01/s1_ne_01/image{number}.jpg" for number in range(100002, 100005)
    ]
    assert first.apex_source == "estimated:middle"
    assert set(table.edition.str.partition(" ")[0]) == {
        "SMIC-HS-E_annotation.xlsx",
        "SMIC_VIS_E_annotation.xlsx",
        "SMIC-NIR-E_annotation.xlsx",
    }


def test_what_cannot_be_used_and_what_was_decided_is_told(root):
    found = index(root, "smic_e")
    assert list(zip(found.failures.clip_id, found.failures.found, strict=True)) == [
        ("smic_e-hs/s3/s3_ne_03@900", f"nothing at '{HS}/SMIC_HS_E/s03/s3_ne_03'"),
        (
            "smic_e-hs/s3/s3_ne_04@910",
            "'=VIS!E2*4' as offset in SMIC-HS-E_annotation.xlsx, sheet 'HS', row 8",
        ),
    ]
    assert found.notes == [
        "smic_e: 2 rows of text are no clips; the first is SMIC-HS-E_annotation.xlsx, sheet 'HS', row 10",
        f"smic_e: hs: s9_sur_02 has no folder of its own; its frames are in '{HS}/SMIC_HS_E/s09/s9_sur_01'",
    ]
    # datasets.md 4.4: the Emotion column says negative in both sheets.
    corrected = found.clips[found.clips.corrections != ""].set_index("clip_id").corrections
    assert set(corrected.index) == {"smic_e-hs/s18/s18_sur_03@700", "smic_e-vis/s18/s18_sur_03@4401"}
    assert set(corrected) == {
        "emotion: 'negative' -> 'surprise' (so the clip's name and folder say; datasets.md 4.4)"
    }
    assert found.unlisted == [f"{HS}/SMIC_HS_E/s01/s1_ne_02"]


@pytest.mark.parametrize("twin", ["s1/s1_ne_01", "s1/s1_ne_99", "s01/s01_ne_01"])
def test_one_subject_or_clip_in_two_folders_is_refused(root, twin):
    write_frames(root / HS / "SMIC_HS_E" / twin, images(100002, 100003))
    with pytest.raises(AnnotationError, match=r"are two spellings of one name; expected one folder"):
        index(root, "smic_e")


def test_events_and_persons_are_those_of_smic(root, tmp_path):
    table = index(root, "smic_e").clips
    events = table[table.subject == "s20"].groupby("part").event.apply(list).to_dict()
    both = ["smic/s20/s20_ne_06", "smic/s20/s20_ne_06-2"]
    assert events == {"hs": both, "vis": both, "nir": both[:1]}
    write_smic(tmp_path / "smic")
    smic = index(tmp_path / "smic", "smic").clips
    assert set(smic[smic.subject == "s1"].event) <= set(table.event)
    assert set(smic[smic.subject == "s1"].person) == set(table[table.subject == "s1"].person) == {"smic/s1"}


@pytest.mark.parametrize(
    ("frames", "book"),
    [
        ("SMIC-E_raw image/HS_long/SMIC-HS-E/HS", "SMIC-E_raw image/HS_long/SMIC-HS-E_annotation.xlsx"),
        ("SMIC/SMIC_E_raw_image/HS_long/SMIC-HS-E", "SMIC/SMIC_E_raw_image/HS_long/SMIC-HS-E/SMIC-HS-E.xlsx"),
        ("HS_long/SMIC_HS_E", "SMIC-HS-E_annotation_2019.xlsx"),
        ("SMIC_HS_E", "SMIC_HS_E/SMIC-HS-E_annotation_orig.xlsx"),
    ],
)
def test_layouts(tmp_path, frames, book):
    root = tmp_path / "smic_e"
    write_frames(root / frames / "s01/s1_ne_01", images(100000, 100006))
    write_book(root / book, {"HS": [HEADER_HS, LINES_HS[0]]})
    found = index(root, "smic_e")
    assert list(found.clips.clip_id) == ["smic_e-hs/s1/s1_ne_01@100002"]
    assert found.clips.paths[0][0] == f"{frames}/s01/s1_ne_01/image100002.jpg"
    assert not len(found.failures)


def test_a_part_without_workbook_is_read_from_anothers_worksheet_of_its_name(root):
    (root / VIS / "SMIC_VIS_E_annotation.xlsx").unlink()
    table = index(root, "smic_e", parts=("vis",), sheet={"vis": BOOK}).clips
    assert list(table.onset) == [4401, 4321, 4324]
    assert set(table.edition.str.partition(" 3-")[0]) == {"SMIC-HS-E_annotation.xlsx, VIS"}
    shutil.rmtree(root / NIR)
    assert set(index(root, "smic_e").clips.part) == {"hs", "vis"}
    rewrite(root, LINES_HS)
    with pytest.raises(AnnotationError, match=r"has the worksheets \['HS'\]; expected one called 'VIS'"):
        index(root, "smic_e")


def test_an_own_workbook_may_call_its_worksheet_otherwise_or_be_csv(root):
    book = root / NIR / "SMIC-NIR-E_annotation.xlsx"
    write_book(book, {"Tabelle1": [HEADER_NIR, *LINES_NIR]})
    assert list(index(root, "smic_e", parts=("nir",)).clips.onset) == [8321]
    book.unlink()
    header = ["Subject", "Filename", "OnsetF", "OffsetF", "Emotion"]
    write_csv(book.with_suffix(".csv"), [header, ["s20", "s20_ne_06", 8320, 8321, "negative"]], bom=True)
    assert list(index(root, "smic_e", parts=("nir",)).clips.onset) == [8320]


def test_frames_of_two_time_bases_are_not_mixed(root):
    header = ["Subject", "Filename", "OnsetF", "OffsetF", "Onset2F", "Offset2F", "OnsetF NIR", "OffsetF NIR"]
    book = root / NIR / "SMIC-NIR-E_annotation.xlsx"
    write_book(book, {"NIR": [header, [20, "s20_ne_06", 1, 2, 3, 4, 8321, 8322]]})
    assert list(index(root, "smic_e", parts=("nir",)).clips.onset) == [8321]


def test_a_third_micro_expression(root):
    # datasets.md 4.4: edited editions add Onset3F and Offset3F.
    header = [*HEADER_HS[:7], "Onset3F", "Offset3F", *HEADER_HS[7:]]
    rewrite(root, [[9, "s9_sur_01", None, 500, 501, 503, 504, 506, 509]], header=header)
    table = index(root, "smic_e", parts=("hs",)).clips
    assert list(table.event) == [f"smic/s9/s9_sur_01{mark}" for mark in ("", "-2", "-3")]
    assert list(table.offset) == [501, 504, 509]
    assert set(table.video) == {"s9_sur_01"}


def test_frames_that_two_folders_hold_are_in_neither(root):
    write_frames(root / HS / "SMIC_HS_E/s09/s9_po_01", images(505, 509))
    found = index(root, "smic_e", parts=("hs",))
    assert "smic_e-hs/s9/s9_sur_02@506" in set(found.failures.clip_id)


def test_the_folders_of_one_clip_in_any_spelling(root):
    folder = root / HS / "SMIC_HS_E"
    (folder / "s01").rename(folder / "s1")
    (folder / "s09/s9_sur_01").rename(folder / "s09/s09_sur_01")
    table = index(root, "smic_e").clips.set_index("clip_id")
    assert "/s1/s1_ne_01/" in table.paths["smic_e-hs/s1/s1_ne_01@100002"][0]
    assert "/s09/s09_sur_01/" in table.paths["smic_e-hs/s9/s9_sur_01@502"][0]


def test_two_editions_are_not_chosen_between(root):
    shutil.copy(root / BOOK, root / HS / "SMIC-HS-E_annotation_orig.xlsx")
    with pytest.raises(
        AnnotationError, match=r"looked for one workbook of hs, .* found \['SMIC-E_raw image/HS"
    ):
        index(root, "smic_e")
    assert len(index(root, "smic_e", sheet={"hs": BOOK}).clips) == 12


def test_wrong_folders_say_what_was_looked_for_and_seen(root, tmp_path):
    other = tmp_path / "other"
    write_smic(other, place="")
    with pytest.raises(
        AnnotationError,
        match=r"looked for the long videos of \['hs', 'vis', 'nir'\] .* found 'HS', 'NIR', 'VIS'",
    ):
        index(other, "smic_e")
    shutil.rmtree(root / NIR)
    with pytest.raises(AnnotationError, match=r"long videos of \['nir'\]"):
        index(root, "smic_e", parts=("hs", "nir"))
    with pytest.raises(AnnotationError, match="found no HS in"):
        index(root, "smic_e", folder={"hs": "HS"})
    with pytest.raises(AnnotationError, match=r"found no a\.xlsx in"):
        index(root, "smic_e", sheet={"hs": "a.xlsx"})
    (root / BOOK).unlink()
    with pytest.raises(AnnotationError, match="expected one called 'HS'"):
        index(root, "smic_e")
    (root / VIS / "SMIC_VIS_E_annotation.xlsx").unlink()
    with pytest.raises(AnnotationError, match=r"looked for one workbook of hs, .* found none"):
        index(root, "smic_e")
    shutil.copytree(root / HS, root / "HS_long")
    with pytest.raises(AnnotationError, match="the long videos of hs are in"):
        index(root, "smic_e")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["x", "s1_ne_01", None, 1, 2], "'x' as Subject"),
        ([None, "s1_ne_01", None, 1, 2], "'' as Subject"),
        ([1, "../s1_ne_01", None, 1, 2], "'../s1_ne_01' as Filename"),
        ([1, None, None, 1, 2], "'' as Filename"),
    ],
)
def test_a_clip_that_cannot_be_named_stops_all(root, line, message):
    rewrite(root, [LINES_HS[0], line])
    with pytest.raises(
        AnnotationError, match=rf"SMIC-HS-E_annotation\.xlsx, sheet 'HS', row 3: found {message}"
    ):
        index(root, "smic_e")


def test_a_clip_of_another_subject_fails_alone(root):
    rewrite(root, [LINES_HS[0], [2, "s9_sur_01", None, 502, 503]])
    found = index(root, "smic_e", parts=("hs",))
    assert list(found.failures.found) == [
        "clip 's9_sur_01' of subject 's2' in SMIC-HS-E_annotation.xlsx, sheet 'HS', row 3"
    ]


def test_missing_columns_are_named(root):
    write_book(root / VIS / "SMIC_VIS_E_annotation.xlsx", {"VIS": [HEADER_VIS[:4], *LINES_VIS]})
    with pytest.raises(AnnotationError, match=r"lacks \['OffsetF'\]"):
        index(root, "smic_e")


def test_links_that_leave_or_lead_in_a_circle_are_refused(root, tmp_path):
    clip = root / HS / "SMIC_HS_E/s01/s1_ne_01"
    clip.rename(tmp_path / "outside")
    clip.symlink_to(tmp_path / "outside")
    (root / "SMIC").symlink_to(root)
    with pytest.raises(AnnotationError, match="the long videos of hs are in"):
        index(root, "smic_e")
    (root / "SMIC").unlink()
    (tmp_path / "link").symlink_to(root)
    failures = index(tmp_path / "link", "smic_e").failures.set_index("clip_id")
    assert "passes a link that leaves" in failures.found["smic_e-hs/s1/s1_ne_01@100002"]
    with pytest.raises(AnnotationError, match=r"has '\.\.' in it"):
        index(root, "smic_e", sheet={"hs": "../sheet.xlsx"})
