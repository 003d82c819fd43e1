import shutil

import pytest
from fixtures.smic import images, write_smic
from recordings import index, write_frames

from mestore.datasets.smic import parse_clip
from mestore.errors import AnnotationError

RAW = "SMIC_all_raw"


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "smic"
    write_smic(root)
    return root


def test_the_folders_are_the_table(root):
    table = index(root, "smic").clips.set_index("clip_id")
    columns = ["part", "subject", "clip", "onset", "offset", "fps", "emotion", "modality", "gaps"]
    # datasets.md 4.4: onset is the smallest number and offset the largest, the folder says the emotion;
    # 1.1: 100 fps in HS, 25 in VIS and NIR.
    assert {key: tuple(row) for key, row in table[columns].iterrows()} == {
        # 4.4: a number is missing in a few clips.
        "smic-hs/s1/s1_ne_01@99998": (
            *("hs", "s1", "s1_ne_01", 99998, 100003, 100.0, "negative", "colour"),
            True,
        ),
        # 4.4: a delivery of cropped frames lacks one clip's.
        "smic-hs/s18/s18_sur_03@-1": (
            *("hs", "s18", "s18_sur_03", -1, -1, 100.0, "surprise", "colour"),
            True,
        ),
        "smic-hs/s20/s20_ne_06@300": ("hs", "s20", "s20_ne_06", 300, 302, 100.0, "positive", "colour", False),
        # 4.4: up to 8 digits.
        "smic-hs/s20/s20_sur_02@17581039": (
            *("hs", "s20", "s20_sur_02", 17581039, 17581042, 100.0, "surprise", "colour"),
            False,
        ),
        # 6.3: lists of clips pad the subject, folders do not: one spelling here.
        "smic-nir/s1/s1_ne_01@9999": ("nir", "s1", "s1_ne_01", 9999, 10001, 25.0, "negative", "nir", False),
        "smic-nir/s20/s20_sur_02@4321": (
            *("nir", "s20", "s20_sur_02", 4321, 4323, 25.0, "surprise", "nir"),
            False,
        ),
        "smic-vis/s20/s20_sur_02@4321": (
            *("vis", "s20", "s20_sur_02", 4321, 4323, 25.0, "surprise", "colour"),
            False,
        ),
    }
    first = table.loc["smic-hs/s1/s1_ne_01@99998"]
    assert first.frames == [99998, 99999, 100000, 100002, 100003]
    assert first.paths[:3] == [
        f"{RAW}/HS/s1/micro/negative/s1_ne_01/image{number}.bmp" for number in ("099998", "099999", "100000")
    ]
    # 4.4: no apex, no action units; 7: the middle.
    assert (first.apex, first.apex_source, first.aus) == (100000, "estimated:middle", "")
    assert set(table.edition.str.partition(" ")[0]) == {"folders"}
    assert set(table.kind) == {"micro"}


def test_modalities_of_one_moment_share_person_and_event(root):
    table = index(root, "smic", dataset="my_smic").clips.set_index("clip_id")
    of_s20 = table[table["clip"] == "s20_sur_02"]
    assert set(of_s20.part) == {"hs", "vis", "nir"}
    assert set(of_s20.person) == {"smic/s20"}
    assert set(of_s20.event) == {"smic/s20/s20_sur_02"}
    assert set(table[table["clip"] == "s1_ne_01"].event) == {"smic/s1/s1_ne_01"}
    assert set(table[table["clip"] == "s1_ne_01"].part) == {"hs", "nir"}


def test_an_empty_clip_fails_and_a_contradiction_is_noted(root):
    found = index(root, "smic")
    assert list(found.failures.clip_id) == ["smic-hs/s18/s18_sur_03@-1"]
    assert found.failures.found[0] == f"no frames in '{RAW}/HS/s18/micro/surprise/s18_sur_03'"
    assert found.notes == [
        f"smic: {RAW}/HS/s20/micro/positive/s20_ne_06: the clip's name says negative, its folder positive, "
        "which is taken"
    ]
    assert found.unlisted == []


@pytest.mark.parametrize(
    "place", ["SMIC_all_raw", "SMIC_all_raw/SMIC_all_raw", "SMIC", pytest.param("", id="itself")]
)
def test_raw_layouts(tmp_path, place):
    root = tmp_path / "smic"
    write_smic(root, place=place)
    assert len(index(root, "smic").clips) == 7


def test_the_cropped_layout(root):
    write_smic(root, place="SMIC_all_cropped", prefix="reg_image")
    clips = index(root, "smic", layout="cropped").clips
    assert (
        clips.paths[0][0] == "SMIC_all_cropped/HS/s1/micro/negative/s1_ne_01/reg_image099998.bmp"
    )  # datasets.md 4.4


def test_parts_can_be_chosen_and_folders_named(root):
    assert set(index(root, "smic", parts=("vis", "nir")).clips.part) == {"vis", "nir"}
    shutil.rmtree(root / RAW / "NIR")
    assert set(index(root, "smic").clips.part) == {"hs", "vis"}
    with pytest.raises(AnnotationError, match=r"parts \['nir'\] in SMIC_all_raw, found \['hs', 'vis'\]"):
        index(root, "smic", parts=("hs", "nir"))
    (root / RAW).rename(root / "mine")
    assert len(index(root, "smic", folder="mine").clips) == 5


def test_wrong_folders_say_what_was_looked_for_and_seen(tmp_path):
    root = tmp_path / "smic"
    write_frames(root / "s1/micro/negative/s1_ne_01", images([1, 2]))
    with pytest.raises(AnnotationError) as caught:
        index(root, "smic")
    assert "looked for folders HS, VIS or NIR" in str(caught.value)
    assert ". holds 's1'" in str(caught.value)
    with pytest.raises(AnnotationError, match=r"in one of \['nowhere'\], found them in none"):
        index(root, "smic", folder="nowhere")
    write_smic(root)
    write_smic(root, place="SMIC")
    with pytest.raises(AnnotationError, match=r"found them in \['SMIC_all_raw', 'SMIC'\]"):
        index(root, "smic")
    with pytest.raises(AnnotationError, match=r"has '\.\.' in it"):
        index(root, "smic", folder="../elsewhere")


def test_two_files_of_one_number_and_another_subjects_clip_fail_alone(root):
    clip = root / RAW / "VIS/s20/micro/surprise/s20_sur_02"
    write_frames(clip, ["image04322.bmp"])
    write_frames(root / RAW / "VIS/s20/micro/negative/s19_ne_01", images([7, 8]))
    failures = index(root, "smic", parts=("vis",)).failures.set_index("clip_id")
    assert (
        failures.found["smic-vis/s20/s20_sur_02@-1"]
        == "frame 4322 twice, as '04322.bmp' and 'image04322.bmp'"
    )
    assert (
        failures.found["smic-vis/s20/s19_ne_01@-1"]
        == "a clip called 's19_ne_01' in the folder of subject 's20'"
    )


def test_links_that_leave_are_refused_and_a_link_as_root_is_fine(root, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(root)
    assert len(index(link, "smic").clips) == 7
    clip = root / RAW / "VIS/s20/micro/surprise/s20_sur_02"
    clip.rename(tmp_path / "outside")
    clip.symlink_to(tmp_path / "outside")
    found = index(root, "smic").failures.set_index("clip_id").found
    assert "passes a link that leaves" in found["smic-vis/s20/s20_sur_02@-1"]
    subject = root / RAW / "HS/s20"
    subject.rename(tmp_path / "s20")
    subject.symlink_to(tmp_path / "s20")
    with pytest.raises(AnnotationError, match="'SMIC_all_raw/HS/s20' passes a link that leaves"):
        index(root, "smic")


def test_one_subject_in_two_folders_is_refused(root):
    write_frames(root / RAW / "HS/s01/micro/negative/s1_ne_01", images([1, 2]))
    with pytest.raises(
        AnnotationError, match=r"'SMIC_all_raw/HS/s01' and 'SMIC_all_raw/HS/s1' are two spell"
    ):
        index(root, "smic")
    assert set(index(root, "smic", parts=("vis", "nir")).clips.part) == {"vis", "nir"}


@pytest.mark.parametrize("name", ["s1_ne_01", "s01_ne_01", "S01_NE_01", "1_ne_01"])
def test_names_of_one_clip(name):
    assert parse_clip(name).clip == "s1_ne_01"
