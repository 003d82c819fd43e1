"""Images: the frames of an annotated clip as they lie on disk."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType

from mestore.datasets.content import frames_digest, video_digest
from mestore.datasets.folder import frames_by_number, inside
from mestore.datasets.hashes import Memo, stamp_of
from mestore.datasets.media import COUNTER, count_video_frames, video_path
from mestore.datasets.row import Row
from mestore.errors import ClipFault
from mestore.store.layout import file_sha256

_LISTINGS = 8  # folders remembered: the clips of one long video follow each other, and listing takes time


@dataclass(frozen=True, kw_only=True)
class Images:
    """What is there of a clip between onset and offset.

    Parameters
    ----------
    numbers : list of int
        Frame numbers, ascending.
    paths : list of str
        Below the dataset's folder: one per frame, or that of the video.
    digest : str
        Of the numbers and of the bytes behind them; empty where these were not read.
    """

    numbers: list[int]
    paths: list[str]
    digest: str


NONE = Images(numbers=[], paths=[], digest="")


class Recordings:
    """The recordings of one dataset's folder. Use it as a context.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    hashes_folder : Path
        Cache for what was computed from the content of files.
    content : bool
        Whether frames are read at all, to make digests; without, they are only listed.
    """

    def __init__(self, root: Path, *, hashes_folder: Path, content: bool = True) -> None:
        self._root = root
        self._content = content
        self._listed = lru_cache(maxsize=_LISTINGS)(frames_by_number)
        self._digests = Memo(hashes_folder, root=root, name="sha256", compute=file_sha256)
        self._counts = Memo(hashes_folder, root=root, name=f"frames-{COUNTER}", compute=_count)
        self._open = ExitStack()

    def __enter__(self) -> "Recordings":
        self._open.enter_context(self._digests)
        self._open.enter_context(self._counts)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @property
    def lost(self) -> list[str]:
        """Which caches could not be written, for the user."""
        return [memo.lost for memo in (self._digests, self._counts) if memo.lost]

    def locate(self, row: Row) -> Images:
        """Return the images of one annotated clip.

        Parameters
        ----------
        row : Row
            A row without a fault, its frame numbers in order.

        Raises
        ------
        ClipFault
            If the folder or video is missing, holds nothing between onset and offset, or not onset or apex.
        UnsafePathError
            If a path leaves the dataset's folder.
        """
        return self._in_video(row) if row.entry.media == "video" else self._in_folder(row)

    def _in_folder(self, row: Row) -> Images:
        try:
            there = self._listed(inside(self._root, row.entry.location))
        except (FileNotFoundError, NotADirectoryError):
            raise _absent(row, "folder of frames") from None
        found = {number: entry for number, entry in there.items() if row.onset <= number <= row.offset}
        _require_annotated(row, found, held=there)
        files = {}
        for entry in found.values():
            path = f"{row.entry.location.rstrip('/')}/{entry.name}"
            _require_utf8(entry.name)
            if entry.is_symlink():
                inside(self._root, path)
            files[path] = entry
        numbers, digest = list(found), ""
        if self._content:  # a look at names alone asks a network drive nothing about each of 700,000 files
            stamps = {path: stamp_of(entry.stat()) for path, entry in files.items()}
            digest = frames_digest(numbers, self._digests.values(stamps))
        return Images(numbers=numbers, paths=list(files), digest=digest)

    def _in_video(self, row: Row) -> Images:
        video, first = inside(self._root, row.entry.location), row.entry.first_frame
        if not video.is_file():
            raise _absent(row, "video")
        stamps = {row.entry.location: stamp_of(video.stat())}
        held = range(first, first + int(self._counts.values(stamps)[0]))
        found = range(max(row.onset, held.start), min(row.offset + 1, held.stop))
        _require_annotated(row, found, held=held)
        path = video_path(row.entry.location, first_frame=first)
        digest = ""
        if self._content:
            digest = video_digest(found, self._digests.values(stamps)[0], first_frame=first)
        return Images(numbers=list(found), paths=[path], digest=digest)


def _count(video: Path) -> str:
    return str(count_video_frames(video))


def _require_utf8(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise ClipFault(
            found=f"file name {name!r}", expected="a name in UTF-8", remedy="rename the file"
        ) from None


def _absent(row: Row, what: str) -> ClipFault:
    return ClipFault(
        found=f"nothing at {row.entry.location!r}",
        expected=f"a {what}",
        remedy=f"copy it there, or mend {row.entry.where}",
    )


def _require_annotated(row: Row, found: Iterable[int], *, held: Iterable[int]) -> None:
    """Refuse a clip without its onset or apex; other missing frames are gaps."""
    wanted = {"onset": row.onset, "apex": row.onset if row.apex is None else row.apex}
    present = set(found)
    missing = [f"{number} ({name})" for name, number in wanted.items() if number not in present]
    if missing:
        raise ClipFault(
            found=f"no frame {missing[0]} in {row.entry.location!r}, which holds {_extent(list(held))}",
            expected=f"frames {row.onset} to {row.offset}, the onset's and the apex's at least",
            remedy=f"copy the missing frames there, or mend {row.entry.where}",
        )


def _extent(numbers: Sequence[int]) -> str:
    return f"{len(numbers)} frames from {min(numbers)} to {max(numbers)}" if numbers else "no frames"
