"""Ledger: it counts, it is where one expects it, and what hides looks is refused."""

import json

import pytest

from mestore import ScoreError, Scorer, load_folds
from mestore.protocols.freeze import make_folds
from mestore.scores.ledger import Ledger


def scored(folds, table, said="disgust", **options):
    scorer = Scorer(folds, table, **options)
    for fold in folds:
        scorer.add(fold, dict.fromkeys(folds.tested(fold), said))
    return scorer.scores()


def looked(folds, table, said="disgust", **options):
    """Return what a score says of how often one looked: the last of its notes."""
    return scored(folds, table, said, **options).note.split("; ")[-1]


@pytest.fixture
def frozen(tmp_path, table):
    file = tmp_path / "data" / "folds" / "mine.json"
    make_folds(table, protocol="kfold", params={"k": 3}).save(file)
    return load_folds(file)


def test_folds_of_a_workspace_are_counted_in_data_ledger_and_others_beside_their_file(
    frozen, table, tmp_path
):
    assert looked(frozen, table).startswith("1 set ")
    assert (tmp_path / "data" / "ledger" / "mine.jsonl").is_file()
    frozen.save(tmp_path / "paper" / "mine.json")
    assert looked(load_folds(tmp_path / "paper" / "mine.json"), table).startswith("1 set ")
    assert (tmp_path / "paper" / "mine.ledger.jsonl").is_file()


def test_it_is_found_from_whatever_folder_one_works_in(frozen, table, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path / "data")
    folds = load_folds("folds/mine.json")
    monkeypatch.chdir(tmp_path)
    scored(folds, table)
    assert (tmp_path / "data" / "ledger" / "mine.jsonl").is_file()


def test_folds_without_a_file_say_that_nobody_counts(table):
    assert looked(make_folds(table, protocol="loso"), table) == "not counted: these folds have no file"


def test_where_they_were_read_from_is_no_part_of_folds(frozen, table):
    made = make_folds(table, protocol="kfold", params={"k": 3})
    assert made == frozen and made.digest == frozen.digest and made.source is None
    assert "source" not in json.loads(frozen.source.read_text())


def test_the_same_predictions_are_one_set_and_other_folds_are_not_counted(frozen, table, tmp_path):
    file = tmp_path / "all.jsonl"
    for said, count in (("disgust", 1), ("disgust", 1), ("surprise", 2)):
        note = looked(frozen, table, said, ledger=file)
        assert note == f"{count} set{'s' if count > 1 else ''} of predictions scored against these folds"
    assert looked(make_folds(table, protocol="loso"), table, ledger=str(file)).startswith("1 set ")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"folds": "x", "predictions": "y"}\nnot json\n', "line 2 is no record: 'not json'"),
        (b"[]\n", r"line 1 is no record: '\[\]'"),
        (b"3\n", "line 1 is no record"),
        (b'{"folds": "x"}\n', "line 1 is no record"),
        (b"\xff\xfe\x00", "it is no text"),
    ],
)
def test_a_damaged_ledger_is_refused_with_a_way_out(frozen, table, tmp_path, content, why):
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(content.replace(b'"x"', json.dumps(frozen.digest).encode()))
    with pytest.raises(ScoreError, match=why) as refused:
        scored(frozen, table, ledger=file)
    assert str(refused.value).endswith("or give another with ledger= (--ledger)")
    assert file.read_bytes().startswith(content[:1])


def test_a_ledger_that_cannot_be_written_is_refused_with_a_way_out(frozen, table, tmp_path):
    (tmp_path / "file").touch()
    for place in (tmp_path, tmp_path / "file" / "ledger.jsonl"):
        with pytest.raises(ScoreError, match=r"cannot be kept .*; every score .* with ledger= .--ledger.$"):
            scored(frozen, table, ledger=place)
    assert looked(frozen, table, ledger=tmp_path / "other.jsonl").startswith("1 set ")


def test_two_who_write_at_once_both_count(tmp_path):
    one, other = (Ledger(tmp_path / "ledger.jsonl", folds="f") for _ in range(2))
    assert (one.record("a"), other.record("b"), one.record("b"), one.record("a")) == (
        (1, 0),
        (2, 0),
        (2, 0),
        (2, 0),
    )


def test_a_last_line_without_its_end_and_blank_lines_do_no_harm(tmp_path):
    file = tmp_path / "ledger.jsonl"
    file.write_text('\n{"folds": "f", "predictions": "a"}\n  \n{"folds": "f", "predictions": "b"}')
    ledger = Ledger(file, folds="f")
    assert (ledger.record("c"), ledger.record("d"), ledger.record("a")) == ((3, 0), (4, 0), (4, 0))
    assert Ledger(file, folds="g").counts() == (0, 4)


def test_a_ledger_that_keeps_nothing_is_refused(frozen, table):
    with pytest.raises(ScoreError, match="it is no regular file"):
        scored(frozen, table, ledger="/dev/null")
