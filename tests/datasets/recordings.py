"""Invented recordings for the tests of the datasets package."""

import csv
import os
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

import av
import numpy as np
import openpyxl
import pytest
from PIL import Image

from mestore.datasets import READERS, hashes
from mestore.datasets.index import Index, index_dataset

CASME2_HEADER = (
    "Subject",
    "Filename",
    None,
    "OnsetFrame",
    "ApexFrame",
    "OffsetFrame",
    None,
    "Action Units",
    "Estimated Emotion",
)
TABLE_HEADER = ("subject", "clip", "path", "onset", "apex", "offset", "fps", "emotion", "aus")

Line = Sequence[object]


def pixels(seed: int, *, height: int = 24, width: int = 32) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def write_frames(folder: Path, names: Iterable[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(names):
        Image.fromarray(pixels(seed)).save(folder / name)
        settle(folder / name)


def settle(path: Path, *, time_ns: int = 1_700_000_000_000_000_000) -> None:
    """Give a file's content an age."""
    os.utime(path, ns=(time_ns, time_ns))


def remember_young_files(patch: pytest.MonkeyPatch) -> None:
    """Let memos remember every file: the age of a file's entry, unlike its content's, cannot be set."""
    patch.setattr(hashes, "_SETTLED", -(10**10))


def write_xlsx(path: Path, lines: Iterable[Line], *, title: str = "Sheet1") -> None:
    book = openpyxl.Workbook()
    book.active.title = title
    for line in lines:
        book.active.append(list(line))
    book.create_sheet("Sheet2")
    book.save(path)


def write_csv(path: Path, lines: Iterable[Line], *, delimiter: str = ",", bom: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\r\n").writerows(
            ["" if cell is None else cell for cell in line] for line in lines
        )


def write_xls(path: Path, lines: Iterable[Line]) -> None:
    """Write the oldest and plainest Excel format (BIFF2), as the OpenOffice documentation describes it."""
    records = [struct.pack("<HHHH", 0x0009, 4, 2, 0x0010)]
    for y, line in enumerate(lines):
        for x, cell in enumerate(line):
            at = struct.pack("<HH3x", y, x)
            if isinstance(cell, str):
                body = at + struct.pack("<B", len(cell)) + cell.encode("latin-1")
                records.append(struct.pack("<HH", 0x0004, len(body)) + body)
            elif isinstance(cell, int | float):
                body = at + struct.pack("<d", cell)
                records.append(struct.pack("<HH", 0x0003, len(body)) + body)
    path.write_bytes(b"".join([*records, struct.pack("<HH", 0x000A, 0)]))


def write_video(path: Path, frames: Sequence[np.ndarray], *, codec: str = "libx264rgb") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=50)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = {"libx264rgb": "rgb24", "ffv1": "bgr0"}.get(codec, "yuv420p")
        stream.options = {"qp": "0"} if codec == "libx264rgb" else {}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    settle(path)


def index(
    root: Path, reader: str, *, cache: Path | None = None, dataset: str = "", **options: object
) -> Index:
    return index_dataset(
        root,
        dataset=dataset or reader,
        reader=reader,
        options=READERS[reader].options_model()(**options),
        hashes_folder=cache or root.parent / "cache",
    )
