"""MEGC2019: the composite with its published counts and its exclusions."""

import pandas as pd
import pytest
from composites import copied, joined, labelled, megc2019, renamed, rows_of
from hypothesis import given, settings
from hypothesis import strategies as st

from mestore.errors import AnnotationError
from mestore.protocols.freeze import make_folds
from mestore.protocols.plan import not_as_published
from mestore.scores.scorer import Scorer

SOURCE = "(combined_3class_gt.csv in davidnvq/me_recognition)"


def folds_of(table: pd.DataFrame, **params):
    return make_folds(table, protocol="megc2019", params=params)


def scored(made, table: pd.DataFrame) -> pd.DataFrame:
    return table[table["clip_id"].isin(list(made.clips))]


def test_counts_are_as_published():
    made = folds_of(megc2019())
    assert len(made) == 68
    assert len(made.clips) == 442
    assert made.flags == ()
    assert made.average == "pooled"
    assert [it for it in made.counts if ", as published" not in it] == []
    for text in ("clips: 442", "persons: 68", "clips of casme2: 145", "clips of samm: 133"):
        assert f"{text}, as published {SOURCE}" in made.counts
    assert f"surprise of smic: 43, as published {SOURCE}" in made.counts


def test_the_excluded_clips_are_left_out_with_their_reasons_and_the_one_that_meb_drops_is_kept():
    made = folds_of(megc2019())
    assert "its apex is a slash" in made.left_out["casme2/sub04/EP12_01f@10"]
    assert "its apex is its onset" in made.left_out["casme2/sub05/EP09_05f@10"]
    assert "casme2/sub05/EP12_03f@10" in made.clips
    assert made.left_out["smic-vis/s1/c000@10"] == "of no dataset of MEGC2019"
    assert sum(why == "no megc2019" for why in made.left_out.values()) == 26


def test_the_clip_that_only_the_sheet_of_256_rows_has_is_left_out():
    table = megc2019()
    more = labelled(rows_of("casme2", count=1, persons=1), emotion={"disgust": 1})
    made = folds_of(joined(table, renamed(more, 0, subject="sub24", clip="EP02_07")))
    assert "255 rows" in made.left_out["casme2/sub24/EP02_07@10"]
    assert len(made.clips) == 442


def test_one_clip_missing_is_told():
    table = megc2019()
    gone = table.index[table["clip"] == "EP12_03f"]
    made = folds_of(table.drop(index=gone))
    assert made.flags == ("441 of 442 clips, not comparable",)
    counts = made.counts
    assert counts[0] == f"clips: 441, not 442 as published {SOURCE}"
    assert f"surprise of casme2: 24, not 25 as published {SOURCE}" in counts


def test_a_missing_dataset_is_flagged():
    table = megc2019()
    made = folds_of(table[table["reader"] != "smic"])
    assert made.flags == (
        "278 of 442 clips, not comparable",
        "2 of 3 datasets (without smic), not comparable",
    )


def test_half_of_a_dataset_is_flagged_on_every_score_and_listed_beside_the_published_numbers():
    table = megc2019()
    few = table[(table["reader"] != "samm") | (table["person"] < "samm/020")]
    made = folds_of(few)
    (flag,) = made.flags
    assert flag == f"{len(made.clips)} of 442 clips, not comparable" and len(made.clips) < 442
    scorer = Scorer(made, few)
    for fold in made:
        scorer.add(fold, dict.fromkeys(made.tested(fold), "negative"))
    assert scorer.scores().note.startswith(flag)
    failed = not_as_published(made.counts)
    assert failed[0].startswith("clips: ") and any(it.startswith("clips of samm: ") for it in failed)
    assert not any("casme2" in it for it in failed)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_order_of_rows_changes_nothing(seed):
    table = megc2019()
    assert folds_of(table.sample(frac=1, random_state=seed)) == folds_of(table)


def test_an_unknown_emotion_is_refused():
    table = megc2019()
    table.loc[0, "emotion"] = "disgusted"
    with pytest.raises(AnnotationError, match="emotion is 'disgusted'"):
        folds_of(table)


def test_a_dataset_counts_by_its_reader_whatever_its_name_and_once_if_it_is_there_twice():
    table = megc2019()
    assert "clips: 442" in folds_of(copied(table, "mine")).counts[0]
    made = folds_of(joined(table, copied(table[table["reader"] == "casme2"], "cropped")))
    assert len(made.clips) == 442
    assert made.left_out["cropped/sub04/EP12_01f@10"].startswith("not in MEGC2019's list")


def test_two_copies_whose_sheets_give_other_onsets_are_one_dataset():
    table = megc2019()
    copy = copied(table[table["reader"] == "casme2"], "cropped")
    made = folds_of(joined(table, copy.assign(event=copy["event"] + "1")))
    assert len(made.clips) == 442
    assert "a clip of another copy of its dataset, which counts" in made.left_out.values()


@pytest.mark.parametrize(("excluded", "scored"), [("casme2", 441), ("cropped", 442)])
def test_no_copy_stands_in_for_an_excluded_clip_and_an_exclusion_in_one_that_does_not_count_is_none(
    excluded, scored
):
    """The sheets of the two copies give other onsets, and so other events; casme2 comes before cropped."""
    table = megc2019()
    copy = copied(table[table["reader"] == "casme2"], "cropped")
    both = joined(table, copy.assign(event=copy["event"] + "1"))
    its = both["dataset"] == excluded
    both.loc[its & (both["clip"] == both.loc[its, "clip"].iloc[0]), "excluded"] = "blurred"
    made = folds_of(both)
    flag = "1 of 442 clips excluded by exclusions.csv, not comparable"
    assert len(made.clips) == scored and (flag in made.flags) == (scored == 441)
    assert {made.left_out.get(clip, "") for clip in made.rows if clip.startswith("cropped")} == {
        "a clip of another copy of its dataset, which counts",
        *{why for clip, why in made.left_out.items() if "MEGC2019" in why and clip.startswith("cropped")},
    }


def test_extra_data_brings_each_event_once_and_none_of_the_composite_or_of_who_is_tested():
    lab = labelled(rows_of("mmew", count=20, persons=10), emotion={"fear": 20})
    twin = copied(lab, "mmew_again")
    mute = rows_of("casme", count=3, persons=3)
    macro = labelled(rows_of("cas_me2", count=3, persons=3), emotion={"fear": 3}).assign(kind="macro")
    long = labelled(rows_of("smic_e", count=1, persons=1, family="smic", prefix="l"), emotion={"negative": 1})
    table = joined(megc2019(), lab, twin, mute, macro, long.assign(person="smic/s1"))
    made = folds_of(table, extra_data=True)
    assert set(made.extra) == set(lab["clip_id"]) | set(long["clip_id"])
    assert "extra data: 21 more clips to train on, of mmew, smic_e" in made.flags
    for fold in made:
        assert set(lab["clip_id"]) <= set(made.training(fold))
        assert (long["clip_id"][0] in made.training(fold)) == (fold.test != ("smic/s1",))
    assert len(made.clips) == 442
