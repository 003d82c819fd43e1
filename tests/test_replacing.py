"""Replacing: results are whole or not there, and Ctrl-C does not stop the clearing up."""

import os
import signal
import threading
from contextlib import suppress

import pytest

from mestore.replacing import LEFT_OVER, clear, clear_left_over, replacing, replacing_folder, uninterrupted


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_at_the_end_or_left_as_it_was(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with replacing(path) as temporary:
        temporary.write_text("one")
        assert not path.exists()
    with pytest.raises(ZeroDivisionError), replacing(path) as temporary:
        temporary.write_text("two")
        raise ZeroDivisionError
    assert path.read_text() == "one" and names(path.parent) == ["a.txt"]


def test_a_folder_is_replaced_at_the_end_or_left_as_it_was(tmp_path):
    path = tmp_path / "[a]"
    for text in ("one", "two"):
        with replacing_folder(path) as new:
            (new / text).write_text(text)
    with pytest.raises(ZeroDivisionError), replacing_folder(path) as new:
        (new / "three").write_text("three")
        raise ZeroDivisionError
    assert names(path) == ["two"] and names(tmp_path) == ["[a]"]


def test_a_new_folder_is_open_to_the_lab_as_its_umask_says(tmp_path):
    with replacing_folder(tmp_path / "a") as new:
        new.joinpath("b").write_text("")
    (tmp_path / "c").mkdir()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "c").stat().st_mode


def test_a_folder_that_is_replaced_stays_closed(tmp_path):
    path = tmp_path / "a"
    path.mkdir(mode=0o700)
    with replacing_folder(path) as new:
        (new / "b").write_text("")
    assert path.stat().st_mode & 0o777 == 0o700 and names(path) == ["b"]


def test_a_folder_that_cannot_take_its_place_leaves_the_old_one(tmp_path):
    path = tmp_path / "a"
    path.mkdir()
    (path / "old").write_text("")
    with pytest.raises(FileNotFoundError), replacing_folder(path) as new:
        new.rmdir()
    assert names(path) == ["old"] and names(tmp_path) == ["a"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_heard_when_the_block_is_done(number):
    heard, done = [], []

    def hear(number, frame):
        heard.append(number)
        raise KeyboardInterrupt

    before = signal.signal(number, hear)
    try:
        with pytest.raises(KeyboardInterrupt), uninterrupted():
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), number)
            done.append(True)
            assert not heard
        assert heard == [number] and done
        assert signal.getsignal(number) is hear
    finally:
        signal.signal(number, before)


def test_a_signal_that_comes_while_folders_are_removed_does_not_stop_that(tmp_path):
    for number in range(2000):
        (tmp_path / "a" / str(number)).mkdir(parents=True)

    def interrupt() -> None:
        with suppress(FileNotFoundError):
            while len(names(tmp_path / "a")) == 2000:
                pass
        os.kill(os.getpid(), signal.SIGINT)

    sender = threading.Thread(target=interrupt)
    sender.start()
    with pytest.raises(KeyboardInterrupt):
        clear(tmp_path / "a", tmp_path / "not-there")
        sender.join()
    assert names(tmp_path) == []


def test_in_another_thread_there_is_nothing_to_put_off(tmp_path):
    (tmp_path / "a").write_text("")
    thread = threading.Thread(target=clear, args=(tmp_path / "a",))
    thread.start()
    thread.join()
    assert names(tmp_path) == []


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to("a")
    clear(tmp_path / "b")
    assert names(tmp_path) == ["a"]


def test_what_a_killed_process_left_goes_after_a_day(tmp_path):
    young, old = tmp_path / ".a.0123456789ab.tmp", tmp_path / ".a.ba9876543210.tmp"
    for path in (young, old, tmp_path / ".a.b"):
        path.mkdir()
        (path / "new").mkdir()
    for path in (old, tmp_path / ".a.b"):
        os.utime(path, (0, 0))
    with replacing_folder(tmp_path / "a"):
        pass
    assert names(tmp_path) == [".a.0123456789ab.tmp", ".a.b", "a"]
    os.utime(young, (young.stat().st_mtime - LEFT_OVER - 1,) * 2)
    clear_left_over([young, tmp_path / "not-there"])
    assert not young.exists()
