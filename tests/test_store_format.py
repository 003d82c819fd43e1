"""The readers of docs/store.md, in Python without mestore, C, Octave and R, read what mestore reads."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mestore

PAGE = (Path(__file__).parents[1] / "docs/store.md").read_text(encoding="utf-8")


@pytest.fixture
def code(tmp_path):
    """The page's programs, in a folder beside data/stores."""
    for name, text in re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def expected(stores):
    """What mestore reads of every clip of the first subject, by store."""
    store = mestore.open_store(stores)
    person = store.clips()["person"].iloc[0]
    return {
        name: [sample.data for sample in store.read(name, [person]).samples] for name in ("crops", "vector")
    }


def subject(stores: Path, name: str) -> Path:
    return stores / name / "toy.zarr" / "s00"


def run(*command: str | Path, cwd: Path, check: bool = True) -> bytes:
    done = subprocess.run(command, cwd=cwd, capture_output=True)
    assert not check or done.returncode == 0, done.stderr.decode()
    return done.stdout


def needs(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"no {program} here")


@pytest.mark.parametrize("name", ["crops", "vector"])
def test_python_without_mestore_and_zarr(code, stores, expected, name):
    assert not re.search(r"^\s*(import|from) (zarr|mestore)", (code / "clip.py").read_text(), re.MULTILINE)
    run(sys.executable, "clip.py", cwd=code)
    for number, clip in enumerate(expected[name]):
        out = code / "clip.npy"
        folder = str(subject(stores, name))
        line = f"numpy.save('clip.npy', clip.read_clip(pathlib.Path({folder!r}), {number}))"
        run(sys.executable, "-c", f"import numpy, pathlib, clip; {line}", cwd=code)
        found = np.load(out)
        assert found.dtype == clip.dtype and np.array_equal(found, clip)


@pytest.fixture
def row(code):
    """The C program, compiled with every warning an error."""
    needs("gcc")
    run("gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-O2", "-o", "row", "row.c", cwd=code)
    return code / "row"


@pytest.mark.parametrize("name", ["crops", "vector"])
def test_c(row, stores, expected, name):
    array = subject(stores, name) / "data"
    shape = json.loads((array / "zarr.json").read_text())["shape"]
    shard = array.joinpath("c", *["0"] * len(shape))
    rows = np.concatenate(expected[name]) if name == "crops" else np.stack(expected[name])
    for number, values in enumerate(rows):
        found = run(row, shard, str(number), str(values.nbytes), str(shape[0]), cwd=row.parent)
        assert found == values.tobytes()


def test_c_sees_damage(row, stores, expected):
    shard = subject(stores, "vector") / "data/c/0/0"
    content = bytearray(shard.read_bytes())
    content[3] ^= 1
    shard.write_bytes(content)
    size, clips = str(expected["vector"][0].nbytes), str(len(expected["vector"]))
    done = subprocess.run([row, shard, "0", size, clips], capture_output=True, text=True)
    assert done.returncode == 1 and "damaged" in done.stderr and not done.stdout


@pytest.mark.parametrize("name", ["crops", "vector"])
def test_octave(code, stores, expected, name):
    needs("octave")
    for number, clip in enumerate(expected[name], start=1):
        # Octave writes its first axis fastest; turned round, the bytes are those of C order.
        script = (
            f"clip = read_clip('{subject(stores, name)}', {number}); "
            "clip = permute(clip, ndims(clip):-1:1); file = fopen('out.raw', 'w'); "
            f"fwrite(file, clip, '{ {'crops': 'uint8', 'vector': 'single'}[name] }'); fclose(file);"
        )
        run("octave", "--no-gui", "--quiet", "--norc", "--eval", script, cwd=code)
        assert (code / "out.raw").read_bytes() == clip.tobytes()


@pytest.fixture
def jsonlite():
    """R with the package that docs/store.md says its reader needs; R itself comes without it."""
    needs("Rscript")
    ask = ["Rscript", "-e", "quit(status = !requireNamespace('jsonlite', quietly = TRUE))"]
    if subprocess.run(ask, capture_output=True).returncode:
        pytest.skip("no jsonlite for R here")


@pytest.mark.usefixtures("jsonlite")
@pytest.mark.parametrize("name", ["crops", "vector"])
def test_r(code, stores, expected, name):
    for number, clip in enumerate(expected[name], start=1):
        script = (
            f"source('read_clip.R'); rows <- read_clip('{subject(stores, name)}', {number}); "
            "file <- file('out.raw', 'wb'); "
            "for (row in rows) writeBin(as.double(aperm(row)), file, size = 8, endian = 'little'); "
            "close(file)"
        )
        run("Rscript", "-e", script, cwd=code)
        found = np.fromfile(code / "out.raw", "<f8")
        assert np.array_equal(found, clip.astype(np.float64).ravel())
