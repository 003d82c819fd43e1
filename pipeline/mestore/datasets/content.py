"""Content: the digest of a clip's images, from the numbers of its frames and the bytes behind them.

The index writes it into the clip table and a build compares it; builds depend on this module, so nothing else
of the index is in it.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from mestore.datasets.folder import inside
from mestore.datasets.media import check_paths, video_and_first
from mestore.store.layout import file_sha256


def frames_digest(numbers: Iterable[int], files: Sequence[str]) -> str:
    """Return the digest of a clip of image files, from the SHA-256 of each."""
    return _digest(zip(numbers, files, strict=True))


def video_digest(numbers: Iterable[int], file: str, *, first_frame: int) -> str:
    """Return the digest of a clip in a video, from the SHA-256 of the video.

    The number of the first frame is part of it: it decides which pictures are meant.
    """
    return _digest((number, f"{file}#{first_frame}") for number in numbers)


def clip_digest(root: Path, *, media: str, frames: Sequence[int], paths: Sequence[str]) -> str:
    """Return the digest of a clip from the bytes that are on disk now, empty for a clip without frames.

    It equals the clip table's as long as the recordings are what they were for the index.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    media : {"frames", "video"}
        Whether `paths` are one image per frame or one video.
    frames : sequence of int
        Numbers of the frames, ascending.
    paths : sequence of str
        Paths below `root`, as in the clip table.

    Raises
    ------
    OSError
        If a file is not there or cannot be read.
    UnsafePathError
        If a path leaves the dataset's folder.
    ValueError
        If `paths` does not fit `frames`.
    """
    check_paths(media=media, frames=frames, paths=paths)
    if len(frames) == 0:
        return ""
    if media == "frames":
        return frames_digest(frames, [file_sha256(inside(root, path)) for path in paths])
    path, first = video_and_first(paths[0])
    return video_digest(frames, file_sha256(inside(root, path)), first_frame=first)


def _digest(contents: Iterable[tuple[int, str]]) -> str:
    return hashlib.sha256(
        "".join(f"{number} {content}\n" for number, content in contents).encode()
    ).hexdigest()
