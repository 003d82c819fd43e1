"""CD6ME: six datasets with the published counts, and the scores of the all-ones predictor."""

import pytest
from composites import CLIPS, PERSONS, cd6me, copied, joined, rows_of
from hypothesis import given, settings
from hypothesis import strategies as st

from mestore import LeakError
from mestore.protocols.freeze import make_folds
from mestore.scores.scorer import Scorer

CONSTANT = (26.0, 24.2, 51.7, 12.4, 5.7, 22.1, 10.9, 7.1, 15.9, 24.0, 5.0, 8.1)
"""Per cent; Varanka et al. 2023, table 6, "Constant"."""


def folds_of(table):
    return make_folds(table, protocol="cd6me")


def all_ones(folds, table) -> Scorer:
    scorer = Scorer(folds, table)
    for fold in folds:
        scorer.add(fold, dict.fromkeys(folds.tested(fold), scorer.classes))
    return scorer


def test_counts_are_as_published_and_each_dataset_is_tested_once():
    made = folds_of(cd6me())
    assert [fold.name for fold in made] == ["casme", "casme2", "samm", "fourdme", "mmew", "casme3"]
    assert {fold.name: len(made.tested(fold)) for fold in made} == CLIPS
    assert {fold.name: len(fold.test) for fold in made} == PERSONS
    assert [len(fold.train) for fold in made] == [240 - PERSONS[fold.name] for fold in made]
    assert made.flags == ()
    assert [it for it in made.counts if ", as published" not in it] == []
    assert len(made.counts) == 2 + 6 * 14
    assert made.counts[0] == (
        "clips: 2031, as published (Varanka et al. 2023, section 4.3 and table 4; CASME II with 256 rows)"
    )


def test_the_all_ones_predictor_has_the_published_scores():
    table = cd6me()
    scores = all_ones(folds_of(table), table).scores()
    assert tuple(round(100 * it, 1) for it in scores.f1.values()) == CONSTANT
    assert round(100 * scores.uf1, 1) == 17.8
    assert "not comparable" not in scores.note


def test_the_score_of_one_dataset_counts_the_units_that_it_lacks_as_0():
    table = cd6me()
    casme = all_ones(folds_of(table), table).by("reader")["casme"]
    assert casme.f1["AU5"] == 0
    assert casme.without == ["AU5"]
    assert casme.uf1 == pytest.approx(sum(casme.f1.values()) / 12)


def test_five_seeds_are_averaged():
    table = cd6me()
    folds = folds_of(table)
    scorer = Scorer(folds, table)
    for seed, said in ((45, scorer.classes), (46, ())):
        for fold in folds:
            scorer.add(fold, dict.fromkeys(folds.tested(fold), said), seed=seed)
    assert scorer.seeds_mean()["uf1"] == pytest.approx(scorer.scores(seed=45).uf1 / 2)


def test_casme2_with_255_rows_is_accepted_and_flagged():
    made = folds_of(cd6me(rows_255=True))
    assert [it for it in made.counts if ", as published" not in it] == []
    assert made.counts[0] == (
        "clips: 2030, as published (Varanka et al. 2023, section 4.3 and table 4; CASME II with 255 rows)"
    )
    assert made.flags == ("CASME II's sheet of 255 rows: 2030 clips in all; MEB's of 256 has 2031",)


def test_the_larger_sheet_without_a_clip_is_not_taken_for_the_smaller():
    table = cd6me()
    gone = table.index[table["reader"] == "casme2"][:1]
    made = folds_of(table.drop(index=gone))
    assert made.flags == ("2030 of 2031 clips, not comparable",)
    counts = made.counts
    assert counts[0].startswith("clips: 2030, not 2031 as published")
    assert any(it.startswith("clips of casme2: 255, not 256") for it in counts)


def test_missing_datasets_make_fewer_folds_and_a_flag():
    table = cd6me()
    made = folds_of(table[~table["reader"].isin(["casme", "mmew"])])
    assert [fold.name for fold in made] == ["casme2", "samm", "fourdme", "casme3"]
    assert made.flags == (
        "1542 of 2031 clips, not comparable",
        "4 of 6 datasets (without casme, mmew), not comparable",
    )
    with pytest.raises(LeakError, match="leaving one out needs two or more"):
        folds_of(table[table["reader"] == "samm"])


def test_other_parts_and_modalities_and_copies_count_once():
    table = cd6me()
    gray = table[table["reader"] == "fourdme"]
    depth = copied(table[table["reader"] == "casme3"], "a_depth").assign(modality="depth")
    more = [
        copied(gray, "a_rgb").assign(modality="colour"),
        copied(gray, "z_gray"),
        depth,
        rows_of("casme3", part="c", count=9, persons=3),
        rows_of("samm_lv", count=9, persons=3, family="samm").assign(aus="12"),
        copied(table[table["reader"] == "casme2"], "cropped"),
    ]
    made, plain = folds_of(joined(table, *more)), folds_of(table)
    assert list(made) == list(plain)
    assert len(made.clips) == 2031
    assert set(made.clips) >= set(gray["clip_id"])
    assert made.left_out[depth["clip_id"].iloc[0]] == "of no dataset of CD6ME"


def test_a_person_of_two_datasets_is_tested_with_each_and_trained_on_for_the_others_only():
    table = cd6me()
    shared = table["person"].isin(["casme/p1", "casme2/sub01"])
    table.loc[shared, "person"] = "ann"
    made = folds_of(table)
    assert {fold.name: len(made.tested(fold)) for fold in made} == CLIPS
    assert [fold.name for fold in made if "ann" not in fold.train] == ["casme", "casme2"]
    assert made.flags == ("in several datasets, and not trained on where one is tested: ann",)
    assert round(100 * all_ones(made, table).scores().uf1, 1) == 17.8


def test_a_clip_that_was_coded_and_shows_none_of_the_twelve_is_scored():
    table = cd6me()
    table.loc[0, "aus"] = "38"
    assert table["clip_id"][0] in folds_of(table).clips


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_order_of_rows_changes_nothing(seed):
    table = cd6me()
    assert folds_of(table.sample(frac=1, random_state=seed)) == folds_of(table)
