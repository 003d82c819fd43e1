"""Agreement of a table of annotations: what it reads, says and refuses."""

import math
import re
from pathlib import Path

import openpyxl
import pytest

from mestore.agreement_table import agreement_report, table_agreement
from mestore.errors import AnnotationError

TABLE = """clip,coder,emotion,aus
c1,ann,Disgust,4+L10
c1,bob,disgust,4+10
c2,ann,fear,1+2
c2,bob,disgust,1
c3,ann,Other,0
c3,bob,others,0
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "coded.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_report_says_both_agreements(tmp_path):
    # Emotions: P = (1 + 0 + 1) / 3; disgust 3, others 2, fear 1 of 6: P_e = 14 / 36; kappa 5 / 11.
    # Action units: R is 1 and 2 / 3, and c3 has none; pooled 2 (2 + 1) / (4 + 3).
    assert agreement_report(written(tmp_path, TABLE)).splitlines() == [
        "coded.csv: 3 clips, 2 coders",
        "",
        "emotion: Fleiss' kappa 0.455",
        "  over 3 clips, each with 2 labels",
        "  agreeing pairs of labels: 0.667 observed, 0.389 expected by chance",
        "  disgust  0.500",
        "  others   0.333",
        "  fear     0.167",
        "",
        "action units: R = 2 |A1 and A2| / (|A1| + |A2|)",
        "  coders       clips  mean of clips  pooled",
        "  ann and bob  3      0.833          0.857",
    ]


def test_a_spreadsheet_with_a_title_and_other_columns_gives_the_same(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["our coding, summer"])
    for number, line in enumerate(TABLE.splitlines()):
        book.active.append([*line.split(","), "remarks" if not number else "clear"])
    book.save(tmp_path / "coded.xlsx")
    report = agreement_report(tmp_path / "coded.xlsx")
    assert report.splitlines()[1:] == agreement_report(written(tmp_path, TABLE)).splitlines()[1:]


def test_rows_may_stand_in_any_order(tmp_path):
    header, *rows = TABLE.splitlines()
    expected = table_agreement(written(tmp_path, TABLE))
    found = table_agreement(written(tmp_path, "\n".join([header, *reversed(rows)])))
    assert (found.emotion.kappa, found.aus["ann", "bob"].mean) == pytest.approx(
        (expected.emotion.kappa, expected.aus["ann", "bob"].mean)
    )


def test_emotions_alone_and_action_units_alone_are_enough(tmp_path):
    rows = "a,1,fear\na,2,fear\nb,1,joy\nb,2,joy\n"
    emotions = table_agreement(written(tmp_path, f"clip,coder,emotion\n{rows}"))
    assert (emotions.emotion.kappa, emotions.aus) == (1, {})
    units = table_agreement(written(tmp_path, "clip,coder,aus\na,1,4\na,2,4+7\n"))
    assert units.emotion is None
    assert units.aus["1", "2"].pooled == pytest.approx(2 / 3)


def test_clips_of_two_subjects_may_have_one_name(tmp_path):
    rows = "s1,a,1,4\ns1,a,2,4\ns2,a,1,7\ns2,a,2,7\n"
    found = table_agreement(written(tmp_path, f"subject,clip,coder,aus\n{rows}"))
    assert (found.clips, list(found.aus["1", "2"].by_clip)) == (2, ["s1/a", "s2/a"])


def test_coders_are_paired_over_the_clips_that_both_coded(tmp_path):
    rows = "a,1,4\na,2,4\nb,2,7\nb,3,12\nc,1,6\n"
    found = table_agreement(written(tmp_path, f"clip,coder,aus\n{rows}")).aus
    assert {pair: (list(it.by_clip), it.mean) for pair, it in found.items()} == {
        ("1", "2"): (["a"], 1),
        ("2", "3"): (["b"], 0),
    }


def test_an_empty_cell_is_not_a_face_without_action_units(tmp_path):
    rows = "a,1,4\na,2,4\nb,1,4\nb,2,\nc,1,0\nc,2,4\n"
    found = table_agreement(written(tmp_path, f"clip,coder,aus\n{rows}")).aus["1", "2"]
    assert (list(found.by_clip), found.mean) == (["a", "c"], 0.5)


def test_clips_without_any_emotion_are_counted(tmp_path):
    rows = "a,1,fear\na,2,joy\nb,1,\nb,2,\n"
    found = table_agreement(written(tmp_path, f"clip,coder,emotion\n{rows}"))
    assert (found.emotion.clips, found.unlabelled) == (1, 1)
    report = agreement_report(tmp_path / "coded.csv")
    assert "clips without a label, left out: 1" in report
    assert "one clip says nothing" in report


def test_labels_that_are_all_the_same_are_explained(tmp_path):
    path = written(tmp_path, "clip,coder,emotion\na,1,fear\na,2,fear\nb,1,fear\nb,2,fear\n")
    assert math.isnan(table_agreement(path).emotion.kappa)
    assert "kappa undefined, because all labels are the same" in agreement_report(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clip,coder,emotion\na,1,x\na,2,y\nb,1,x\n", "column 'emotion': clip b: number of labels 1, of"),
        ("clip,coder,emotion\na,1,x\nb,1,y\n", "clip a: number of labels 1; expected those of two or more"),
        ("clip,coder,emotion\na,1,x\na,1,y\n", "row 3: 1 codes a again, after coded.csv, row 2; remove one"),
        ("clip,coder,emotion\na,,x\n", "row 2 names no clip or no coder"),
        ("clip,coder,emotion\n,1,x\n", "row 2 names no clip or no coder"),
        ("clip,coder,emotion\n", "has no emotions and no action units"),
        ("clip,coder,remarks\na,1,x\n", "has no emotions and no action units"),
        ("clip,rater,emotion\na,1,x\n", "has no row with the column names"),
        ("clip,coder,aus\na,1,4\nb,2,4\n", "no two coders coded the same clip"),
        ("clip,coder,aus\na,1,L12 or L14\na,2,12\n", "row 2: 'L12 or L14' in column 'aus' says more or less"),
        ("clip,coder,aus\na,1,?\na,2,12\n", "row 2: '?' in column 'aus' says more or less"),
        ("clip,coder,aus\na,1,12\na,2,4+glare\n", "row 3: '4+glare' in column 'aus' says more or less"),
        ("clip,coder,aus\na,1,none\na,2,12\n", "row 2: 'none' in column 'aus'"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_its_place(tmp_path, text, message):
    with pytest.raises(AnnotationError, match=re.escape(message)):
        agreement_report(written(tmp_path, text))
