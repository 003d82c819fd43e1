"""The build cache: whole subjects only, and hard links out of it."""

import pytest

from mestore.build.cache import BuildCache


def make(cache, key, text="x"):
    with cache.create(key) as folder:
        (folder / "a").mkdir()
        (folder / "a" / "file").write_text(text)


def test_a_subject_appears_whole_or_not_at_all(tmp_path):
    cache = BuildCache(tmp_path)
    with pytest.raises(RuntimeError), cache.create("ab12") as folder:
        (folder / "half").write_text("written")
        assert "ab12" not in cache
        raise RuntimeError
    assert "ab12" not in cache and not list((tmp_path / "subjects" / "ab").iterdir())
    make(cache, "ab12")
    assert "ab12" in cache


def test_the_second_of_two_builders_finds_it_done(tmp_path):
    cache = BuildCache(tmp_path)
    with cache.create("ab12") as folder:
        (folder / "file").write_text("slow")
        make(cache, "ab12", "fast")
    assert (cache.path("ab12") / "a" / "file").read_text() == "fast"
    assert len(list(cache.path("ab12").parent.iterdir())) == 1


def test_placing_shares_the_bytes(tmp_path):
    cache = BuildCache(tmp_path)
    make(cache, "ab12")
    (tmp_path / "store").mkdir()
    cache.place("ab12", tmp_path / "store" / "s01")
    placed = tmp_path / "store" / "s01" / "a" / "file"
    assert placed.samefile(cache.path("ab12") / "a" / "file")
