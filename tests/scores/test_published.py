"""Published scores: found for the protocol they are of, and for no other."""

import pandas as pd
import pytest

from conftest import clip_table
from mestore.protocols import PROTOCOLS
from mestore.protocols.freeze import make_folds
from mestore.scores.published import _table, published
from mestore.scores.scorer import Scorer
from protocols.composites import cd6me


def dfme(**params) -> pd.DataFrame:
    """Return the published scores of a plain k-fold of DFME's emotions."""
    table = clip_table().assign(reader="dfme")
    return published(make_folds(table, protocol="kfold", label="dfme_7", params=params))


def test_cd6me_has_four_methods_and_its_variants_none():
    values = {it.method: it.value for it in published(make_folds(cd6me(), protocol="cd6me"))}
    assert list(values.values()) == [0.178, 0.121, 0.275, 0.362]
    more = pd.concat([cd6me(), clip_table()], ignore_index=True)
    assert published(make_folds(more, protocol="cd6me", params={"extra_data": True})) == []


def test_dfmes_are_means_over_ten_folds():
    assert [(it.method, it.value) for it in dfme(k=10)] == [("LBP-TOP", 0.2336), ("MDMO", 0.2489)]
    assert dfme(k=5) == []


def test_other_labels_in_the_same_folds_have_none():
    assert published(make_folds(clip_table(), protocol="kfold", label="emotion")) == []


@pytest.mark.parametrize("one", _table(), ids=lambda it: f"{it.protocol}-{it.method}")
def test_every_row_names_a_protocol_its_parameters_a_score_and_a_source(one):
    options = PROTOCOLS[one.protocol].options_model()
    assert set(one.params) <= set(options.model_fields)
    options(**one.params)
    assert 0 < one.value < 1 and one.source and one.differs
    scorer = Scorer(folds := make_folds(clip_table(), protocol="loso"), clip_table())
    for fold in folds:
        scorer.add(fold, {})
    assert hasattr(scorer.scores(), one.score) or one.score in scorer.fold_mean()
