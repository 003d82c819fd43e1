"""Weights: found, fetched from a real server, refused."""

import functools
import hashlib
import http.server
import logging
import threading
from dataclasses import replace

import pooch
import pytest
from scenes import pinned

from mestore.faces import weights
from mestore.faces.spec import ModelError
from mestore.faces.weights import FOLDER, WEIGHTS, cache_folder, find_weights, weights_file

NAME = "fan2d4"
CONTENT = b"weights, " * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(FOLDER, raising=False)
    return cache_folder()


@pytest.fixture
def server(tmp_path):
    """A web server of one folder, and the paths that it was asked for."""
    folder = tmp_path / "served"
    folder.mkdir()
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_request(self, *_):
            asked.append(self.path)

    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", folder, asked
        running.shutdown()
        thread.join()


def offered_at(monkeypatch, address, *, sha256=SHA256):
    file = WEIGHTS[NAME].file
    monkeypatch.setitem(WEIGHTS, NAME, replace(WEIGHTS[NAME], address=f"{address}/{file}", sha256=sha256))
    return file


def test_every_file_has_a_hash_an_address_and_a_licence():
    for its in WEIGHTS.values():
        assert set(its.sha256) <= set("0123456789abcdef") and its.address.startswith("https://")
        assert its.licence
    assert [name for name, its in WEIGHTS.items() if len(its.sha256) < 64] == ["retinaface_resnet50"]


def test_they_are_fetched_once_into_the_cache(monkeypatch, server, cache):
    address, folder, asked = server
    file = offered_at(monkeypatch, address)
    (folder / file).write_bytes(CONTENT)
    assert find_weights(NAME) is None
    assert weights_file(NAME) == weights_file(NAME) == cache / file
    assert (cache / file).read_bytes() == CONTENT and asked == [f"/{file}"]
    assert [path.name for path in cache.iterdir()] == [file]


def test_fetching_says_nothing_of_its_own(monkeypatch, server):
    """Pooch would name a folder that is gone a moment later, and recommend to pin a hash."""
    address, folder, _ = server
    (folder / offered_at(monkeypatch, address)).write_bytes(CONTENT)
    said = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    monkeypatch.setattr(pooch.get_logger(), "handlers", [handler])
    pooch.get_logger().setLevel(logging.INFO)
    weights_file(NAME)
    assert said == []


def test_what_has_another_hash_is_refused_and_not_kept(monkeypatch, server, cache):
    address, folder, _ = server
    file = offered_at(monkeypatch, address)
    (folder / file).write_bytes(b"other")
    found = hashlib.sha256(b"other").hexdigest()
    with pytest.raises(ModelError, match=f"{file} gave a file of sha256 {found}; expected {SHA256}"):
        weights_file(NAME)
    assert list(cache.iterdir()) == []


def test_a_hash_may_be_known_by_its_first_digits_alone(monkeypatch, server, cache):
    address, folder, _ = server
    file = offered_at(monkeypatch, address, sha256=SHA256[:9])
    (folder / file).write_bytes(CONTENT)
    assert weights_file(NAME) == cache / file
    (cache / file).write_bytes(b"other")
    with pytest.raises(ModelError, match=f"expected one that begins with {SHA256[:9]}"):
        weights_file(NAME)


@pytest.mark.parametrize("status", ["unreachable", "absent"])
def test_without_a_network_the_error_names_file_place_hash_and_address(monkeypatch, server, cache, status):
    address, _, _ = server
    if status == "unreachable":
        address = "http://127.0.0.1:9"
    file = offered_at(monkeypatch, address)
    with pytest.raises(ModelError) as caught:
        weights_file(NAME)
    for piece in (file, str(cache), f"${FOLDER}", SHA256, f"{address}/{file}"):
        assert piece in str(caught.value)
    assert list(cache.iterdir()) == []


def test_a_folder_filled_beforehand_comes_first(monkeypatch, tmp_path, cache):
    path = pinned(monkeypatch, NAME, tmp_path, CONTENT)
    cache.mkdir(parents=True)
    (cache / path.name).write_bytes(b"other")
    assert weights_file(NAME) == path


def test_a_damaged_file_is_refused_wherever_it_lies(monkeypatch, tmp_path, cache):
    path = pinned(monkeypatch, NAME, tmp_path, CONTENT)
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(ModelError, match=f"{path} has the sha256 .*; expected {SHA256}: .* remove the file"):
        weights_file(NAME)


def test_weights_that_a_package_ships_are_found_there_and_are_the_pinned_ones():
    path = weights_file("dlib68")
    assert path.parent.parent.name == "face_recognition_models"
    assert weights.intact(path, WEIGHTS["dlib68"].sha256)
