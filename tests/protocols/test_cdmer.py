"""cdmer: six pairs among SMIC's three parts on request, six between CASME II and them."""

import pandas as pd
import pytest

from field_table import THREE, field_table, of
from mestore import LeakError, Scorer
from mestore.errors import ParamsError
from mestore.protocols.freeze import make_folds

OVERLAP = {"allow_person_overlap": True}
SECOND = {
    f"{source} to {target}"
    for smic in ("smic-hs", "smic-vis", "smic-nir")
    for source, target in ((smic, "casme2"), ("casme2", smic))
}


def made(table, **params):
    return make_folds(table, protocol="cdmer", params=params)


def fold_of(folds, name):
    return next(fold for fold in folds if fold.name == name)


@pytest.fixture(scope="module")
def field():
    return field_table()


def test_type_one_is_six_pairs_of_smic_and_runs_on_request_only(field):
    for kind in ("I", "both"):
        with pytest.raises(LeakError, match=r"TYPE-I .* allow_person_overlap: true"):
            made(field, type=kind)
    folds = made(field, type="I", **OVERLAP)
    assert sorted(fold.name for fold in folds) == [
        "smic-hs to smic-nir",
        "smic-hs to smic-vis",
        "smic-nir to smic-hs",
        "smic-nir to smic-vis",
        "smic-vis to smic-hs",
        "smic-vis to smic-nir",
    ]
    assert all(fold.overlap for fold in folds)
    assert folds.flags[1].startswith("persons overlap") and "same events" in folds.flags[1]


def test_type_two_is_six_pairs_without_shared_persons(field):
    folds = made(field)
    assert {fold.name for fold in folds} == SECOND
    assert not any(fold.overlap for fold in folds)
    assert not any("overlap" in flag for flag in folds.flags)
    assert any("not the authors' selection" in flag for flag in folds.flags)


def test_both_are_twelve(field):
    folds = made(field, type="both", **OVERLAP)
    assert len(folds) == 12
    assert {fold.name for fold in folds if not fold.overlap} == SECOND


def test_a_pair_trains_on_one_set_of_recordings_and_tests_the_other(field):
    folds = made(field)
    fold = fold_of(folds, "casme2 to smic-vis")
    vis = field[(field["reader"] == "smic") & (field["part"] == "vis")]
    assert folds.tested(fold) == sorted(vis["clip_id"])
    assert folds.training(fold) == sorted(field.loc[field["reader"] == "casme2", "clip_id"])
    inner = fold.inner(fraction=0.25)
    assert len(folds.validating(inner)) == 9
    assert len(folds.training(inner)) == 27
    assert folds.tested(inner) == folds.tested(fold)


def test_a_dataset_is_known_by_its_reader_under_any_name(field):
    renamed = field.assign(dataset=field["dataset"].replace({"smic": "oulu", "casme2": "beijing"}))
    assert made(renamed).folds == made(field).folds


def test_scores_are_by_pair(field):
    folds = made(field)
    assert folds.average == "folds"
    truth = dict(zip(field["clip_id"], field["emotion"], strict=True))
    negative = {"disgust": "negative", "happiness": "positive"}
    scorer = Scorer(folds, field)
    for fold in folds:
        right = fold.name == "smic-hs to casme2"
        scorer.add(
            fold,
            {
                clip: negative.get(truth[clip], truth[clip]) if right else "negative"
                for clip in folds.tested(fold)
            },
        )
    scores = scorer.by_fold()
    assert scores["smic-hs to casme2"].uf1 == 1
    assert scores["smic-vis to casme2"].uf1 == pytest.approx(1 / 6)  # one class of three, F1 1/2
    assert "experiment of its own" in scores["smic-vis to casme2"].note


def test_others_are_left_out_with_the_reason(field):
    folds = made(field, type="I", **OVERLAP)
    reasons = {field.set_index("clip_id")["reader"][clip]: why for clip, why in folds.left_out.items()}
    assert reasons["casme2"] == "of none of smic-hs, smic-vis, smic-nir"
    assert "smic" not in reasons


def test_counts_stand_beside_the_published_ones(field):
    said = " ".join(made(field).counts)
    assert "negative clips of smic-hs: 12, not 70 as published (4DME 2022, table 1)" in said
    assert "surprise clips of smic-vis: 8, not 20 as published" in said
    assert "negative clips of casme2: 12 " in said + " "


def test_sets_of_recordings_that_lack_clips_are_flagged_first(field):
    few = "36 of 164 clips of smic-hs, 24 of 71 clips of smic-vis, 24 of 71 clips of smic-nir"
    assert made(field).flags[0] == f"{few}, not comparable"
    whole = [
        of("smic", THREE, part=part, persons=16, clips_each=12).head(clips)
        for part, clips in (("hs", 164), ("vis", 71), ("nir", 71))
    ]
    others = field[field["reader"] != "smic"]
    assert not any("clips of" in flag for flag in made(pd.concat([others, *whole])).flags)
    assert (
        made(pd.concat([others, *whole[:2], whole[2][:70]]))
        .flags[0]
        .startswith("70 of 71 clips of smic-nir,")
    )


def test_a_class_that_a_set_of_recordings_lacks_is_counted_too(field):
    without = field[(field["part"] != "nir") | (field["emotion"] != "surprise")]
    said = "surprise clips of smic-nir: 0, not 20 as published (4DME 2022, table 1)"
    assert said in made(without).counts


def test_a_part_that_is_missing_is_a_clear_error(field):
    with pytest.raises(LeakError, match=r"no clip of smic-nir has a class of megc2019.*add the dataset"):
        made(field[field["part"] != "nir"])


def test_a_person_of_both_datasets_is_a_leak(field):
    known = field["person"].replace({"casme2/s03": "smic/s03"})
    with pytest.raises(LeakError, match="'smic/s03' is in train and in test"):
        made(field.assign(person=known))


def test_it_predicts_its_own_classes(field):
    with pytest.raises(ParamsError, match="predicts 'megc2019'"):
        make_folds(field, protocol="cdmer", label="emotion")
