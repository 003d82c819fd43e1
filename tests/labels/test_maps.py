"""Label maps: published counts, left-out values, slips."""

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mestore.errors import AnnotationError, MEStoreError
from mestore.labels import fourdme
from mestore.labels.maps import MAPS, apply_map

# Per dataset: datasets.md section 1.2, counted in the files (OBS) or printed (S000 and S002, Table 1).
COUNTS = {
    ("smic", "emotion"): {"negative": 70, "positive": 51, "surprise": 43},
    ("casme2", "emotion"): {
        "others": 99, "disgust": 63, "happiness": 32, "repression": 27, "surprise": 25, "sadness": 7,
        "fear": 2,
    },
    ("samm", "emotion"): {
        "anger": 57, "others": 26, "happiness": 26, "surprise": 15, "contempt": 12, "disgust": 9, "fear": 8,
        "sadness": 6,
    },
    ("casme2", "objective_class"): {"I": 25, "II": 15, "III": 99, "IV": 26, "V": 20, "VI": 1, "VII": 69},
    ("samm", "objective_class"): {"I": 24, "II": 13, "III": 20, "IV": 8, "V": 3, "VI": 7, "VII": 84},
    ("mmew", "emotion"): {
        "happiness": 36, "anger": 8, "surprise": 89, "disgust": 72, "fear": 16, "sadness": 13, "others": 66,
    },
    ("casme3", "emotion"): {
        "disgust": 250, "surprise": 187, "others": 161, "fear": 86, "anger": 64, "sad": 57, "happy": 55,
    },
    ("dfme", "emotion"): {
        "happiness": 992, "disgust": 2528, "fear": 892, "anger": 619, "contempt": 401, "surprise": 1208,
        "sadness": 635, "others": 251,
    },
    ("fourdme", "emotion"): {
        "positive": 34, "negative": 127, "surprise": 30, "repression": 6, "repression+surprise": 3,
        "positive+surprise": 13, "negative+surprise": 8, "positive+repression": 8, "negative+repression": 7,
        "others": 31,
    },
}  # fmt: skip


def clips(*datasets: tuple[str, str]) -> pd.DataFrame:
    """Return the clip table, as far as maps read it, of datasets with the published counts."""
    rows = [
        {"reader": reader, "emotion": "", "objective_class": "", column: value}
        for reader, column in datasets
        for value, count in COUNTS[reader, column].items()
        for _ in range(count)
    ]
    table = pd.DataFrame(rows).assign(kind="micro")
    return table.assign(clip_id=[f"{row.reader}/s/c@{row.Index}" for row in table.itertuples()])


def counted(labels: pd.Series) -> dict[str, int]:
    return {label: count for label, count in labels.value_counts().items() if label}


def test_megc2019_has_its_442_clips_and_the_two_of_casme2_that_its_list_leaves_out():
    table = clips(("smic", "emotion"), ("casme2", "emotion"), ("samm", "emotion"))
    labels = apply_map(table, "megc2019")
    assert counted(labels[table["reader"] == "smic"]) == {"negative": 70, "positive": 51, "surprise": 43}
    # 88 in the ground truth: sub04/EP12_01f and sub05/EP09_05f have no usable apex (combined_3class_gt.csv).
    assert counted(labels[table["reader"] == "casme2"]) == {
        "negative": 88 + 2,
        "positive": 32,
        "surprise": 25,
    }
    assert counted(labels[table["reader"] == "samm"]) == {"negative": 92, "positive": 26, "surprise": 15}


def test_megc2018_has_its_253_clips():
    table = clips(("casme2", "objective_class"), ("samm", "objective_class"))
    labels = apply_map(table, "megc2018")
    assert counted(labels[table["reader"] == "casme2"]) == {"I": 25, "II": 15, "III": 99, "IV": 26, "V": 20}
    assert counted(labels[table["reader"] == "samm"]) == {"I": 24, "II": 13, "III": 20, "IV": 8, "V": 3}


@pytest.mark.parametrize(
    ("name", "dataset", "expected"),
    [
        ("casme2_5", "casme2", 246),
        ("samm_5", "samm", 136),
        ("dfme_7", "dfme", 7275),
        ("mmew_4", "mmew", 263),
        ("casme3_7", "casme3", 860),
        ("fourdme", "fourdme", 267),
    ],
)
def test_the_sets_of_one_dataset_have_their_published_sizes(name, dataset, expected):
    assert sum(counted(apply_map(clips((dataset, "emotion")), name)).values()) == expected


def test_three_classes_of_casme3_are_those_of_part_a_and_part_c():
    table = clips(("casme3", "emotion"))
    assert counted(apply_map(table, "casme3_3")) == {"negative": 457, "surprise": 187, "positive": 55}
    part_c = table[:4].assign(emotion=["negative", "surprise", "others", "positive"])
    assert apply_map(part_c, "casme3_3").tolist() == ["negative", "surprise", "", "positive"]


def test_classes_stand_in_their_published_order():
    assert MAPS["megc2019"].classes == ("negative", "positive", "surprise")
    assert MAPS["megc2018"].classes == ("I", "II", "III", "IV", "V")
    assert MAPS["casme2_5"].classes == ("happiness", "surprise", "disgust", "repression", "others")
    assert MAPS["samm_5"].classes == ("happiness", "surprise", "contempt", "anger", "others")
    assert MAPS["dfme_7"].classes == (
        "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise",
    )  # fmt: skip
    assert MAPS["mmew_4"].classes == ("happiness", "surprise", "disgust", "others")
    assert MAPS["casme3_3"].classes == ("negative", "positive", "surprise")
    assert MAPS["casme3_7"].classes == ("happy", "disgust", "fear", "anger", "surprise", "sad", "others")
    assert MAPS["fourdme"].classes == fourdme.EMOTIONS


def test_two_emotions_of_4dme_have_one_spelling():
    table = clips(("fourdme", "emotion"))[:2].assign(emotion=["surprise+positive", "positive+surprise"])
    assert apply_map(table, "fourdme").tolist() == ["positive+surprise"] * 2


def test_mmew_calls_one_class_by_two_names():
    table = clips(("mmew", "emotion"))[:2].assign(emotion=["repression", "others"])
    assert apply_map(table, "mmew_4").tolist() == ["others", "others"]


@pytest.mark.parametrize("slip", ["digust", "Disgust", "", "sad", "disgust "])
def test_a_slip_in_a_cell_is_refused_and_not_left_out(slip):
    table = clips(("casme2", "emotion"))
    table.loc[3, "emotion"] = slip
    message = (
        f"casme2/s/c@3: emotion is {slip!r}, which the label map 'megc2019' does not know of casme2; "
        "expected 'disgust', 'repression', 'happiness', 'surprise', or, to be left out, 'others', 'fear', "
        "'sadness'; "
    )
    with pytest.raises(AnnotationError, match=re.escape(message)):
        apply_map(table, "megc2019")


def test_several_slips_are_counted():
    table = clips(("smic", "emotion"))
    table.loc[[3, 5, 8], "emotion"] = "neutral"
    with pytest.raises(AnnotationError, match=re.escape("@3: emotion is 'neutral' (and 2 more such clips)")):
        apply_map(table, "megc2019")


def test_a_dataset_that_a_map_does_not_name_has_no_labels():
    table = clips(("mmew", "emotion"))
    assert set(apply_map(table, "megc2019")) == {""}
    assert set(apply_map(table.assign(reader="table", emotion="joy"), "megc2019")) == {""}


def test_only_a_macro_expression_may_be_without_emotion():
    table = clips(("casme3", "emotion"))[:3]
    table.loc[1, ["emotion", "kind"]] = "", "macro"
    assert apply_map(table, "casme3_7").tolist() == ["disgust", "", "disgust"]
    with pytest.raises(AnnotationError, match="emotion is ''"):
        apply_map(table.assign(kind="micro"), "casme3_7")


def test_the_clip_of_casme2_without_an_objective_class_is_left_out():
    table = clips(("casme2", "objective_class"))
    table.loc[7, "objective_class"] = ""
    assert sum(counted(apply_map(table, "megc2018")).values()) == 184


@given(order=st.permutations(range(300)))
def test_labels_follow_their_clips_in_any_order(order):
    table = clips(("mmew", "emotion"))
    labels = apply_map(table, "mmew_4")
    assert apply_map(table.iloc[order], "mmew_4").sort_index().equals(labels)


def test_tables_put_together_keep_their_labels_apart():
    table = pd.concat([clips(("smic", "emotion"))[69:72], clips(("samm", "emotion"))[69:72]])
    table.index = pd.Index([0, 1, 2, 0, 1, 2])
    assert apply_map(table, "megc2019").tolist() == ["negative", "positive", "positive", "", "", ""]


def test_an_unknown_map_is_refused_with_those_that_there_are():
    with pytest.raises(MEStoreError, match=r"no label map 'megc'; expected one of .*megc2018, megc2019"):
        apply_map(clips(("smic", "emotion")), "megc")


def test_an_empty_table_has_no_labels():
    assert apply_map(clips(("smic", "emotion"))[:0], "megc2019").empty


def test_every_label_is_a_class_of_its_map():
    for one in MAPS.values():
        for rule in one.rules.values():
            parts = {part for label in rule.labels.values() for part in label.split("+")}
            assert parts <= {"", *one.classes}
