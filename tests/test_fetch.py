"""Fetching from a repository that is no mestore's friend, and after a fetch that was killed."""

import os

import pandas as pd
import pytest

from mestore import StoreError, open_store
from mestore.fetch import fetch_store
from mestore.store.tables import write_tables


@pytest.fixture
def repository(stores):
    """A folder of DVC without git, with the stores of the fixture."""
    from dvc.repo import Repo

    root = stores.parents[1]
    Repo.init(str(root), no_scm=True).close()
    return root


def fetched(repository, to, **options):
    return fetch_store(str(repository), "vector", to=to, **options)


@pytest.mark.parametrize("dataset", ["../../../victim/x", "{}/x", "Toy", ""])
def test_a_dataset_that_no_params_could_name_is_refused_before_anything_of_it_is_fetched(
    repository, tmp_path, dataset
):
    store, to = repository / "data/stores/vector", tmp_path / "a" / "b" / "to"
    victim = tmp_path / "a" / "victim"
    victim.mkdir(parents=True)
    clips, failures = (
        pd.read_csv(store / f"{it}.csv", keep_default_na=False) for it in ("clips", "failures")
    )
    write_tables(store, clips.assign(dataset=dataset.format(victim)), failures)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(StoreError, match=r"clips\.csv names a dataset"):
        fetched(repository, to)
    assert sorted(tmp_path.rglob("*")) == sorted([*before, to.parent, to])


def test_what_a_killed_fetch_left_is_no_store_and_the_next_fetch_after_a_day_removes_it(repository, tmp_path):
    to = tmp_path / "to"
    left = [to / f".vector.{digit * 12}.tmp" for digit in "01"]
    for folder in left:
        folder.mkdir(parents=True)
        (folder / "clips.csv").write_text("half")
    os.utime(left[0], (0, 0))
    with pytest.raises(StoreError, match="no store below"):
        open_store(to)
    fetched(repository, to, persons=["toy/s01"])
    assert [it.exists() for it in left] == [False, True]
    assert list(open_store(to).features) == ["vector"]
    assert len(open_store(to).read("vector", ["toy/s01"], check=True).data) == 3
