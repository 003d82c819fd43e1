"""Environment: what a process on another machine is given computes as this one does."""

import subprocess
import sys

from mestore.build.environment import elsewhere
from mestore.faces.weights import WEIGHTS


def test_a_worker_elsewhere_finds_weights_where_this_build_does(tmp_path, monkeypatch):
    (tmp_path / "weights").mkdir()
    file = tmp_path / "weights" / WEIGHTS["fan2d4"].file
    file.write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MESTORE_WEIGHTS", "weights")
    code = "from mestore.faces.weights import find_weights; print(find_weights('fan2d4'))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env=elsewhere(),
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(file)
