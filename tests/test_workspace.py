"""Where the raw recordings and the build cache are found."""

from pathlib import Path

from mestore.workspace import find_workspace


def test_alone_everything_is_below_the_checkout(tmp_path):
    found = find_workspace(tmp_path, environment={})
    assert found.raw == tmp_path / "data" / "raw"
    assert found.cache == tmp_path / ".dvc" / "mestore"


def test_a_queued_experiment_finds_the_main_workspace(tmp_path):
    copy = tmp_path / ".dvc" / "tmp" / "exps" / "tmpx"
    found = find_workspace(copy, environment={"DVC_ROOT": str(tmp_path)})
    assert found.root == copy
    assert found.raw == tmp_path / "data" / "raw"
    assert found.cache == tmp_path / ".dvc" / "mestore"


def test_the_environment_wins(tmp_path):
    environment = {"DVC_ROOT": "/other", "MESTORE_RAW": "/nas/raw", "MESTORE_CACHE": "/fast/cache"}
    found = find_workspace(tmp_path, environment=environment)
    assert (found.raw, found.cache) == (Path("/nas/raw"), Path("/fast/cache"))


def test_a_lab_members_own_configuration_counts(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "dvc").mkdir(parents=True)
    (tmp_path / "home" / "dvc" / "config").write_text("[cache]\n    dir = /nas/cache\n")
    assert find_workspace(tmp_path, environment={}).cache == Path("/nas/mestore")


def test_the_build_cache_lies_beside_dvcs_wherever_that_is(tmp_path):
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").write_text(
        "[core]\n    analytics = false\n[cache]\n    dir = ../../nas/dvc\n"
    )
    assert find_workspace(tmp_path, environment={}).cache == (tmp_path / "../nas/mestore").resolve()
    (tmp_path / ".dvc" / "config.local").write_text(
        "['remote \"r\"']\n    url = x\n[cache]\n    dir = /lab/cache\n"
    )
    assert find_workspace(tmp_path, environment={}).cache == Path("/lab/mestore")
