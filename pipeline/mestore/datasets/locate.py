"""Images: the frames of an annotated clip as they lie on disk."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mestore.datasets.content import frames_digest, video_digest
from mestore.datasets.folder import frames_by_number, inside
from mestore.datasets.hashes import Memo, stamp_of
from mestore.datasets.media import video_path
from mestore.datasets.reader import Row
from mestore.errors import ClipFault


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
        Of the numbers and of the bytes behind them.
    """

    numbers: list[int]
    paths: list[str]
    digest: str


NONE = Images(numbers=[], paths=[], digest="")


def locate(root: Path, row: Row, *, digests: Memo, counts: Memo) -> Images:
    """Return the images of one annotated clip.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    row : Row
        A row without a fault, its frame numbers in order.
    digests, counts : Memo
        Digest of a file, and number of frames of a video.

    Raises
    ------
    ClipFault
        If the folder or video is missing, holds nothing between onset and offset, or not onset or apex.
    UnsafePathError
        If a path leaves the dataset's folder.
    """
    return (_in_video if row.media == "video" else _in_folder)(root, row, digests=digests, counts=counts)


def _in_folder(root: Path, row: Row, *, digests: Memo, counts: Memo) -> Images:
    try:
        there = frames_by_number(inside(root, row.location))
    except (FileNotFoundError, NotADirectoryError):
        raise _absent(row, "folder of frames") from None
    found = {number: entry for number, entry in there.items() if row.onset <= number <= row.offset}
    _require_annotated(row, found, held=there)
    stamps = {}
    for entry in found.values():
        path = f"{row.location.rstrip('/')}/{entry.name}"
        _require_utf8(entry.name)
        if entry.is_symlink():
            inside(root, path)
        stamps[path] = stamp_of(entry.stat())
    numbers = list(found)
    digest = frames_digest(numbers, digests.values(stamps))
    return Images(numbers=numbers, paths=list(stamps), digest=digest)


def _in_video(root: Path, row: Row, *, digests: Memo, counts: Memo) -> Images:
    video = inside(root, row.location)
    if not video.is_file():
        raise _absent(row, "video")
    stamps = {row.location: stamp_of(video.stat())}
    [count], [content] = counts.values(stamps), digests.values(stamps)
    held = range(row.first_frame, row.first_frame + int(count))
    found = range(max(row.onset, held.start), min(row.offset + 1, held.stop))
    _require_annotated(row, found, held=held)
    digest = video_digest(found, content, first_frame=row.first_frame)
    path = video_path(row.location, first_frame=row.first_frame)
    return Images(numbers=list(found), paths=[path], digest=digest)


def _require_utf8(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise ClipFault(
            found=f"file name {name!r}", expected="a name in UTF-8", remedy="rename the file"
        ) from None


def _absent(row: Row, what: str) -> ClipFault:
    return ClipFault(
        found=f"nothing at {row.location!r}",
        expected=f"a {what}",
        remedy=f"copy it there, or mend the row in {row.edition}",
    )


def _require_annotated(row: Row, found: Iterable[int], *, held: Iterable[int]) -> None:
    """Refuse a clip without its onset or apex; other missing frames are gaps."""
    wanted = {"onset": row.onset, "apex": row.onset if row.apex is None else row.apex}
    present = set(found)
    missing = [f"{number} ({name})" for name, number in wanted.items() if number not in present]
    if missing:
        raise ClipFault(
            found=f"no frame {missing[0]} in {row.location!r}, which holds {_extent(list(held))}",
            expected=f"frames {row.onset} to {row.offset}, the onset's and the apex's at least",
            remedy=f"copy the missing frames there, or mend the row in {row.edition}",
        )


def _extent(numbers: Sequence[int]) -> str:
    return f"{len(numbers)} frames from {min(numbers)} to {max(numbers)}" if numbers else "no frames"
