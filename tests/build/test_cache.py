"""The build cache: whole subjects only, and hard links out of it."""

import os
from dataclasses import dataclass, replace

import pytest

from mestore.build.cache import BuildCache
from mestore.build.subject import build_subject
from toys import ToyClips, importable, toy_task


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


@dataclass(frozen=True)
class SlowClips(ToyClips):
    """Two clips; the folder of the subject looks old after each, and then another build sweeps."""

    cache: BuildCache

    def clips(self):
        for number in range(2):
            yield f"toy/{self.subject}/c@{number}", self.read
            self.cache.sweep()

    def read(self):
        for folder in self.cache.half_written():
            os.utime(folder, (0, 0))
        return super().read()


def test_a_subject_that_takes_more_than_a_day_is_not_swept_by_another_build(tmp_path, monkeypatch):
    importable(monkeypatch)
    task = toy_task(tmp_path, 0)
    task = replace(task, key="ab" * 32, source=SlowClips(**vars(task.source), cache=task.cache))
    assert build_subject(task).error == "" and task.key in task.cache


@dataclass(frozen=True)
class BrokenOffClips(ToyClips):
    """Two clips; over the first, the build that gave them out ends on another machine."""

    cache: BuildCache

    def clips(self):
        yield f"toy/{self.subject}/c@0", self.read
        raise AssertionError("nobody wants the second")

    def read(self):
        with self.cache.cleared():
            assert len(list(self.cache.half_written())) == 1
        return super().read()


def test_a_subject_whose_build_was_broken_off_is_given_up_after_the_clip_in_hand(tmp_path, monkeypatch):
    importable(monkeypatch)
    task = toy_task(tmp_path, 0)
    task = replace(task, source=BrokenOffClips(**vars(task.source), cache=task.cache))
    assert "No such file" in build_subject(task).error
    assert task.key not in task.cache and list(task.cache.half_written()) == []
