"""Toys: subjects without faces that do what a number says. Workers import this module by its name."""

import errno
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from checkout import Checkout
from conftest import clip_table, crop_sample, write_store
from mestore.build.cache import BuildCache
from mestore.build.subject import Task
from mestore.features.spec import FeatureSpec, KindParams
from mestore.params import Params
from mestore.sample import Sample
from mestore.store.layout import Description

WELL, DIES, NO_MEMORY, BUG, FULL, IO, DIES_ONCE, WAITS_ONCE, TAKES_WORKER, LOSES_CACHE = range(10)

FAULTS = {
    NO_MEMORY: MemoryError("no memory left"),
    BUG: KeyError("a bug"),
    FULL: OSError(errno.ENOSPC, "No space left on device"),
    IO: OSError(errno.EIO, "Input/output error"),
}


class NoParams(KindParams):
    """None."""


@dataclass(frozen=True)
class ToyClips:
    """One clip of `length` numbers; `does` says what happens over it, `folder` is where it leaves notes."""

    does: int
    folder: Path
    subject: str
    length: int

    def digest(self) -> object:
        return [self.subject, self.length]

    def clips(self) -> Iterator[tuple[str, Callable[[], Sample]]]:
        yield f"toy/{self.subject}/c@0", self.read

    def read(self) -> Sample:
        note = self.folder / f"{self.subject}.pid"
        first = not note.exists()
        note.write_text(str(os.getpid()))
        (self.folder / f"{self.subject}.{os.getpid()}.peak").write_text(str(peak()))
        if self.does == DIES or (self.does == DIES_ONCE and first):
            os.kill(os.getpid(), signal.SIGKILL)
        if self.does == TAKES_WORKER:
            os.kill(os.getppid(), signal.SIGKILL)
        if self.does == WAITS_ONCE and first:
            time.sleep(300)  # whoever starts it kills it
        if self.does == LOSES_CACHE and first:
            (self.folder.parent / "cache").rename(self.folder.parent / "gone")
        if self.does in FAULTS:
            raise FAULTS[self.does]
        data = np.random.default_rng(len(self.subject)).normal(size=self.length).astype(np.float32)
        return Sample(data=data, frames=np.zeros((1, 2)), onset=0, apex=1, offset=2)


def peak() -> int:
    """Return the most memory that this process has had, in MiB."""
    (line,) = (it for it in Path("/proc/self/status").read_text().splitlines() if it.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def unchanged(sample: Sample, params: NoParams) -> Sample:
    """A kind that does nothing."""
    return sample


def toy_task(folder: Path, number: int, does: int = WELL, *, length: int = 8) -> Task:
    """Return a task whose cache is `folder`/cache and whose notes are in `folder`/notes."""
    for name in ("cache", "notes"):
        (folder / name).mkdir(exist_ok=True, parents=True)
    spec = FeatureSpec(
        function="toys:unchanged",
        params="toys:NoParams",
        reads=(),
        dims=("value",),
        dtype="float32",
        units="1",
        libraries=(),
    )
    description = Description(
        store="s", kind="toy", dataset="toy", axes=("value",), ragged=False, dtype="float32",
        units="1", params={}, input="index", code="",
    )  # fmt: skip
    subject = f"s{number:02d}"
    return Task(
        subject=subject,
        key=f"{number:02d}" * 32,
        spec=spec,
        description=description,
        source=ToyClips(does, folder / "notes", subject, length),
        cache=BuildCache(folder / "cache"),
    )


def importable(monkeypatch) -> None:
    """Let worker processes find this module and the source under test."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), *sys.path]))


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def parameters(n: int = 8) -> Params:
    """Return the parameters of a store `clips` of crops that are there already."""
    return Params.model_validate(
        {
            "datasets": {"toy": {"reader": "table"}},
            "stores": {
                "crops": {"kind": "align", "input": "index"},
                "clips": {"kind": "tim", "input": "stores/crops", "params": {"n": n}},
            },
            "protocols": {"loso": {"kind": "loso"}},
            "evaluate": {"loso": {"features": []}},
            "compute": {"n_jobs": 1},
        }
    )


def toy_checkout(folder: Path) -> Checkout:
    """Return a checkout with crops of 6 persons made by hand, and `store@clips` built by the real DVC."""
    made = Checkout(folder)
    axes = ("time", "y", "x", "channel")
    crops = folder / "data/stores/crops"
    write_store(
        crops, clip_table(persons=6), crop_sample, kind="align", axes=axes, dtype="uint8", ragged=True
    )
    changes = {
        "datasets": {"toy": {"reader": "table"}},
        "stores": {name: its.model_dump() for name, its in parameters().stores.items()},
        "evaluate.loso.features": ["clips"],
        "compute.n_jobs": 1,
    }
    made.set_params(changes)
    made.dvc("repro", "--single-item", "code")
    made.dvc("repro", "--single-item", "store@clips")
    return made
