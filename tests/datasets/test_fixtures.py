"""What holds for every dataset: its index depends on content alone, and its clips go all the way to flow."""

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import xlrd
from fixtures.all import FIXTURES
from fixtures.casme import write_casme
from fixtures.fourdme import DEPTH, DI4D, RGB, write_fourdme
from fixtures.smic_e import write_book
from PIL import Image
from recordings import index, remember_young_files, write_csv

from mestore import clips
from mestore.align import align_sample
from mestore.align_params import AlignParams
from mestore.build.raw import RawClips
from mestore.datasets import READERS
from mestore.datasets.index import Index
from mestore.datasets.landmarks import COLUMNS
from mestore.datasets.table_io import read_parquet, write_parquet
from mestore.errors import AnnotationError, ClipFault
from mestore.faces.shape68 import reference_shape
from mestore.features import FEATURES

Write = Callable[[Path], dict[str, object]]

VARIANTS: dict[str, tuple[str, Write, dict[str, object]]] = {
    **{reader: (reader, write, {}) for reader, write in FIXTURES.items()},
    "casme sections": ("casme", lambda root: write_casme(root, layout="sections"), {}),
    "casme3 depth": ("casme3", FIXTURES["casme3"], {"modality": "depth", "macro": True}),
    "fourdme rgb": ("fourdme", write_fourdme, RGB),
    "fourdme depth": ("fourdme", write_fourdme, DEPTH),
    "fourdme di4d": ("fourdme", write_fourdme, DI4D),
}
"""By name: the reader, its fixture, and options beside those that the fixture gives."""


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A dataset on disk and what its index was when nobody had touched it."""

    reader: str
    root: Path
    options: dict[str, object]
    parquet: bytes
    base: Index

    def index(self, root: Path | None = None) -> Index:
        """Return the index anew, with an empty cache."""
        place = self.root if root is None else root
        cache = Path(os.path.realpath(place)).parent / f"cache-{random.random()}"
        return index(place, self.reader, cache=cache, **self.options)

    def sheets(self) -> list[Path]:
        return [
            path
            for path in sorted(self.root.rglob("*"))
            if path.suffix in (".xls", ".xlsx") and not path.name.startswith("~$")
        ]


def parquet(found: Index, folder: Path) -> bytes:
    path = folder / f"{random.random()}.parquet"
    write_parquet(found.clips, path)
    return path.read_bytes()


def made(name: str, folder: Path) -> Copy:
    reader, write, more = VARIANTS[name]
    root = folder / reader
    options = write(root) | more
    base = index(root, reader, cache=folder / "cache", **options)
    return Copy(reader=reader, root=root, options=options, base=base, parquet=parquet(base, folder))


@pytest.fixture(scope="module", params=VARIANTS)
def untouched(request, tmp_path_factory) -> Copy:
    """A copy that tests may read only."""
    return made(request.param, tmp_path_factory.mktemp("fixture"))


@pytest.fixture
def copy(untouched, tmp_path) -> Copy:
    """A copy to do anything to; made of links to files, so write none in place."""
    shutil.copytree(untouched.root, tmp_path / "copy", copy_function=os.link)
    return Copy(**{**vars(untouched), "root": tmp_path / "copy"})


def test_every_reader_has_a_fixture():
    assert FIXTURES.keys() == READERS.keys() - {"table"}


# The index


def test_the_clip_table_is_valid_and_no_clip_is_there_twice(untouched):
    table = untouched.base.clips
    clips.validate(table)
    assert table.clip_id.is_unique
    assert (table.digest != "").any(), "every clip fails"
    assert ((table.digest == "") == table.clip_id.isin(untouched.base.failures.clip_id)).all()


def test_the_same_content_gives_the_same_parquet(untouched, tmp_path):
    """Again without a cache; as a copy with other times, made in another order; through a link."""
    assert parquet(untouched.index(), tmp_path) == untouched.parquet
    other = tmp_path / "copy"
    files = [path for path in untouched.root.rglob("*") if path.is_file()]
    random.Random(0).shuffle(files)
    for path in files:
        target = other / path.relative_to(untouched.root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    for folder in untouched.root.rglob("*"):  # clips without frames
        if folder.is_dir():
            (other / folder.relative_to(untouched.root)).mkdir(parents=True, exist_ok=True)
    (tmp_path / "link").symlink_to(other, target_is_directory=True)
    found = untouched.index(tmp_path / "link")
    assert parquet(found, tmp_path) == untouched.parquet
    assert found.failures.equals(untouched.base.failures)
    assert found.unlisted == untouched.base.unlisted


def test_what_programs_leave_behind_changes_nothing(copy, tmp_path):
    """datasets.md 2: Thumbs.db, .DS_Store, lock files of Excel; and the second files of a Mac on a NAS."""
    for folder in [copy.root, *(path for path in copy.root.rglob("*") if path.is_dir())]:
        (folder / ".DS_Store").write_bytes(b"x")
        (folder / "._img1.jpg").write_bytes(b"x")
        if not (folder / "Thumbs.db").exists():
            (folder / "Thumbs.db").write_bytes(b"x")
    for folder in {copy.root, *(sheet.parent for sheet in copy.sheets())}:
        (folder / "~$x.xlsx").write_bytes(b"x")
        (folder / "._x.xlsx").write_bytes(b"x")
    (copy.root / "__MACOSX").mkdir()
    found = copy.index()
    assert parquet(found, tmp_path) == copy.parquet
    assert found.failures.equals(copy.base.failures)
    assert found.unlisted == copy.base.unlisted


def test_a_frame_edited_in_place_changes_its_clip_alone(untouched, tmp_path, monkeypatch):
    """Its size and its time are as before, and what was computed from its content is remembered."""
    remember_young_files(monkeypatch)
    root = tmp_path / "copy"
    shutil.copytree(untouched.root, root)
    before = index(root, untouched.reader, **untouched.options).clips
    (first, *_) = before.index[before.digest != ""]
    edited = before.paths[first][-1]
    content, stat = bytearray((root / edited).read_bytes()), (root / edited).stat()
    content[-1] ^= 1
    (root / edited).write_bytes(content)
    os.utime(root / edited, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    after = index(root, untouched.reader, **untouched.options).clips
    of_frame = [edited in paths for paths in before.paths]  # clips of a long video may share it
    assert (before.digest != after.digest).tolist() == of_frame
    assert after.drop(columns="digest").equals(before.drop(columns="digest"))


# Sheets


def grids(path: Path) -> dict[str, list[list[object]]]:
    if path.suffix == ".xls":
        sheets = xlrd.open_workbook(path).sheets()
        return {it.name: [[_value(cell) for cell in it.row(i)] for i in range(it.nrows)] for it in sheets}
    return {it.title: [list(row) for row in it.values] for it in openpyxl.load_workbook(path).worksheets}


def _value(cell: xlrd.sheet.Cell) -> object:
    return int(cell.value) if cell.ctype == xlrd.XL_CELL_NUMBER and cell.value.is_integer() else cell.value


HEADERS = {"Subject", "sub_ID", "sub"}


def shuffled(grid: list[list[object]]) -> list[list[object]]:
    header = next((i for i, line in enumerate(grid) if HEADERS & {*line} and len(line) > 3), None)
    if header is None:
        return grid
    width = max(map(len, grid))
    order = random.Random(1).sample(range(width), width)
    body = [line + [None] * (width - len(line)) for line in grid[header:]]
    random.Random(2).shuffle(rest := body[1:])
    return [*grid[:header], *([line[i] for i in order] for line in (body[0], *rest))]


def same_clips(found: Index, base: Index) -> None:
    assert found.clips.drop(columns="edition").equals(base.clips.drop(columns="edition"))
    assert list(found.failures.clip_id) == list(base.failures.clip_id)
    assert found.unlisted == base.unlisted


def fingerprints(found: Index) -> list[str]:
    """Return the editions without the names of their files."""
    return [text.rpartition(" ")[2] for text in found.clips.edition]


def test_rows_and_columns_in_any_order_give_the_same_clips(copy):
    for path in copy.sheets():
        book = grids(path)
        path.unlink()
        write_book(path.with_suffix(".xlsx"), {title: shuffled(grid) for title, grid in book.items()})
    found = copy.index()
    same_clips(found, copy.base)
    assert fingerprints(found) == fingerprints(copy.base)


def test_sheets_saved_as_csv_give_the_same_clips(copy):
    """With BOM and CRLF: what Excel writes as "CSV UTF-8", in two countries. A csv has one worksheet."""
    for number, path in enumerate(copy.sheets()):
        book = grids(path)
        grid, *others = [grid for grid in book.values() if any(map(any, grid))]
        if not others:
            path.unlink()
            write_csv(path.with_suffix(".csv"), grid, delimiter=",;"[number % 2], bom=True)
    same_clips(copy.index(), copy.base)


# Paths


def test_a_clip_behind_a_link_that_leaves_the_dataset_is_no_clip_of_it(copy, tmp_path):
    table = copy.base.clips.set_index("clip_id")
    (name, *_) = [name for name, row in table.iterrows() if row.digest]
    folder = Path(table.paths[name][0]).parent
    there = [other for other, row in table.iterrows() if row.paths and Path(row.paths[0]).parent == folder]
    shutil.move(copy.root / folder, tmp_path / "outside")
    (copy.root / folder).symlink_to(tmp_path / "outside", target_is_directory=True)
    try:
        found = copy.index().clips.set_index("clip_id")
    except AnnotationError as error:
        assert "link" in str(error)
        return
    for other in there:
        assert other not in found.index or not found.digest[other]
    assert not any(str(folder) in path for paths in found.paths for path in paths)


def test_a_frame_behind_a_link_that_leaves_the_dataset_fails_its_clip(copy, tmp_path):
    table = copy.base.clips.set_index("clip_id")
    (name, *_) = [name for name, row in table.iterrows() if row.digest]
    path = table.paths[name][-1]
    shutil.move(copy.root / path, tmp_path / "outside.jpg")
    (copy.root / path).symlink_to(tmp_path / "outside.jpg")
    found = copy.index()
    (failure,) = found.failures.found[found.failures.clip_id == name]
    assert "link that leaves the dataset's folder" in failure


# From the recordings to flow


def with_landmarks(found: Copy, folder: Path) -> Copy:
    """Give every clip that has frames the reference face, as large as fits into its image."""
    lines = []
    for row in found.base.clips.itertuples():
        if row.digest:
            with Image.open(found.root / row.paths[0]) as image:
                width, height = image.size
            side = min(width, height)
            face = reference_shape(side) + np.array([width - side, height - side]) / 2
            lines.append((row.part, row.subject, row.clip, row.onset, *face.ravel()))
    write_csv(found.root / "landmarks.csv", [("part", *COLUMNS), *lines])
    base = found.index()
    write_parquet(base.clips, folder / "clips.parquet")
    return Copy(**{**vars(found), "base": base})


def test_every_clip_that_the_index_read_goes_to_flow(copy, tmp_path):
    table = read_parquet(tmp_path / "clips.parquet") if with_landmarks(copy, tmp_path) else None
    raw = RawClips.of(copy.root, table)
    assert len(raw.rows) == (copy.base.clips.digest != "").sum()
    kind = FEATURES["tvl1-fast"]
    params, flow = kind.params_model()(pairs="onset-apex"), kind.load()
    failed = {}
    for name, read in raw.clips():
        try:
            sample = read()
            crops = align_sample(sample, AlignParams(side=48))
            np.testing.assert_allclose(crops.landmarks, reference_shape(48), atol=1e-3)
            motion = flow(crops, params)
        except ClipFault as fault:
            failed[name] = str(fault)
            continue
        assert motion.data.shape == (48, 48, 3)
        assert np.isfinite(motion.data).all()
        assert motion.frames[0, 0] != motion.frames[0, 1]
    assert failed == {}
