"""Fixtures shared by all tests: small stores without faces, written through the real writer."""

import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from checkout import Checkout
from mestore import clips
from mestore.sample import Sample
from mestore.store.layout import SUFFIX, Description, subject_key
from mestore.store.tables import write_tables
from mestore.store.writer import write_dataset, write_subject

# Stages set it, also those that a test runs in this process; numba takes no other number once it has run.
os.environ["NUMBA_NUM_THREADS"] = "1"

# In the background of a script Ctrl-C is ignored, also by the processes that tests start to interrupt them.
signal.signal(signal.SIGINT, signal.default_int_handler)

EMOTIONS = ("disgust", "happiness", "surprise")
PERSONS = 12
SIDE = 24


def clip_table(*, persons: int = PERSONS, clips_each: int = 3, dataset: str = "toy") -> pd.DataFrame:
    """Return a clip table of invented rows: one subject a person, emotions taking turns."""
    rows = []
    for person in range(persons):
        for number in range(clips_each):
            subject, onset = f"s{person:02d}", 10 + number
            rows.append(
                {
                    "clip_id": clips.clip_id(
                        dataset=dataset, subject=subject, clip=f"c{number}", onset=onset
                    ),
                    "dataset": dataset,
                    "reader": "table",
                    "part": "",
                    "subject": subject,
                    "person": f"{dataset}/{subject}",
                    "video": f"c{number}",
                    "clip": f"c{number}",
                    "event": f"{dataset}/{subject}/c{number}",
                    "kind": "micro",
                    "modality": "",
                    "split": "",
                    "onset": onset,
                    "apex": onset + 5,
                    "offset": onset + 11,
                    "fps": 200.0,
                    "emotion": EMOTIONS[(person + number) % 3],
                    "objective_class": "",
                    "aus": "12",
                    "aus_given": "12",
                    "apex_source": "annotated",
                    "corrections": "",
                    "excluded": "",
                    "edition": "none",
                    "gaps": False,
                    "media": "frames",
                    "frames": list(range(onset, onset + 12)),
                    "paths": [f"{subject}/c{number}/{n}.png" for n in range(onset, onset + 12)],
                    "landmarks": [],
                    "box": [],
                    "digest": f"{person}-{number}",
                }
            )
    return pd.DataFrame(rows)


def crop_sample(row: dict, *, side: int = SIDE) -> Sample:
    """Return crops of noise that a seed made of the clip's id decides."""
    rng = np.random.default_rng(sum(map(ord, row["clip_id"])))
    return Sample(
        data=rng.integers(0, 256, (12, side, side, 3), dtype=np.uint8),
        frames=np.asarray(row["frames"], np.float64),
        onset=row["onset"],
        apex=row["apex"],
        offset=row["offset"],
        landmarks=rng.uniform(2, side - 2, (68, 2)).astype(np.float32),
        measures={"residual": np.float64(rng.uniform())},
    )


def vector_sample(row: dict) -> Sample:
    """Return a vector that tells the emotion."""
    rng = np.random.default_rng(sum(map(ord, row["clip_id"])))
    data = rng.normal(0, 0.3, 6).astype(np.float32)
    data[EMOTIONS.index(row["emotion"])] += 2
    return Sample(
        data=data,
        frames=np.asarray([[row["onset"], row["apex"]]], np.float64),
        onset=row["onset"],
        apex=row["apex"],
        offset=row["offset"],
    )


def write_store(folder: Path, table: pd.DataFrame, make, *, kind: str, axes, dtype: str, ragged: bool):
    """Write a whole store by hand."""
    folder.mkdir(parents=True)
    for dataset, part in table.groupby("dataset"):
        description = Description(
            store=folder.name,
            kind=kind,
            dataset=dataset,
            axes=axes,
            ragged=ragged,
            dtype=dtype,
            units="1",
            params={},
            input="index",
            code="none",
        )
        group = folder / f"{dataset}{SUFFIX}"
        write_dataset(group, description)
        for subject, rows in part.groupby("subject"):
            target = group / subject_key(subject)
            target.mkdir()
            samples = {row["clip_id"]: make(row) for row in rows.to_dict("records")}
            write_subject(target, samples, description=description, inputs="none", failures={})
    write_tables(folder, table, pd.DataFrame(columns=list(clips.FAILURES)))


def write_vectors(folder: Path, table: pd.DataFrame, make=vector_sample) -> None:
    """Write a store of six values a clip by hand."""
    write_store(folder, table, make, kind="mdmo", axes=("value",), dtype="float32", ragged=False)


@pytest.fixture
def table() -> pd.DataFrame:
    """A clip table of 12 persons."""
    return clip_table()


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    """data/stores with ragged `crops` and fixed `vector` of 12 persons."""
    folder = tmp_path / "data" / "stores"
    table = clip_table()
    axes = ("time", "y", "x", "channel")
    write_store(folder / "crops", table, crop_sample, kind="align", axes=axes, dtype="uint8", ragged=True)
    write_vectors(folder / "vector", table)
    return folder


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Checkout:
    """A workspace of two subjects with two clips each, built and committed."""
    checkout = Checkout(tmp_path_factory.mktemp("small") / "mestore")
    checkout.run(".venv/bin/mestore", "demo", "data/raw/demo", "--subjects", "2", "--clips", "2")
    # One worker: to start more takes longer than the work of four clips.
    checkout.set_params({"stores.crops.params.side": 96, "compute.n_jobs": 1})
    checkout.dvc("repro")
    checkout.commit("built")
    return checkout


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A headless chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no chromium")
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright")
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"], timeout=180_000)
        yield launched
        launched.close()


def pytest_collection_modifyitems(items) -> None:
    """Put the files that build whole workspaces first: begun last, one of them would be waited for alone."""
    items.sort(key=lambda item: not hasattr(getattr(item, "module", None), "Checkout"))


def pytest_terminal_summary(terminalreporter) -> None:
    """Name the skips that are not on the written list; in CI they fail the run."""
    for reason in _unexpected_skips(terminalreporter):
        terminalreporter.write_line(f"skip not in tests/allowed_skips.txt: {reason}", red=True)


def pytest_sessionfinish(session, exitstatus) -> None:
    if hasattr(session.config, "workerinput"):
        return  # a process of pytest-xdist: the one that started it has all reports
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and exitstatus == 0 and _unexpected_skips(reporter):
        session.exitstatus = 1


def _unexpected_skips(reporter) -> list[str]:
    lines = (Path(__file__).parent / "allowed_skips.txt").read_text().splitlines()
    allowed = [line for line in lines if line and not line.startswith("#")]
    reasons = [report.longrepr[2].removeprefix("Skipped: ") for report in reporter.stats.get("skipped", [])]
    return [reason for reason in reasons if not any(re.fullmatch(line, reason) for line in allowed)]
