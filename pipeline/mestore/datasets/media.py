"""Frames of a clip as arrays: from image files or from a video."""

import errno
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mestore.datasets.depth import DEPTH, grey_levels, nearest
from mestore.datasets.folder import inside
from mestore.errors import ClipFault

_FORMATS = ("JPEG", "PNG", "BMP")
_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"})
_PNG_DEPTH = 24  # byte of a PNG file that states the bits per channel
_PNG_GREY_16 = bytes([16, 0])  # it and the next, which states the channels, of a grey image of 16 bits

COUNTER = "pyav" + ".".join(av.__version__.split(".")[:2])
"""What `count_video_frames` counts with: memos of its counts carry it in their name."""

Pixels = TypeVar("Pixels", bound=np.generic)

Named = tuple[str, NDArray[np.uint8]]
"""What a frame is called in messages, and its pixels (y, x, 3)."""


def video_path(path: str, *, first_frame: int) -> str:
    """Return a video's path as the clip table has it: with the number of its first frame.

    Examples
    --------
    >>> video_path("s1/smile.mp4", first_frame=1)
    's1/smile.mp4#1'
    """
    return f"{path}#{first_frame}"


def video_and_first(path: str) -> tuple[str, int]:
    """Return a video's path and the number of its first frame, from its path in the clip table.

    Examples
    --------
    >>> video_and_first("s1/smile.mp4#1")
    ('s1/smile.mp4', 1)
    """
    video, _, first = path.rpartition("#")
    return video, int(first)


def read_frames(
    root: Path,
    *,
    media: str,
    frames: Sequence[int],
    paths: Sequence[str],
    modality: str = "",
    face: NDArray[np.floating] | None = None,
) -> NDArray[np.uint8]:
    """Return the frames of one clip, as its row of the clip table names them.

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
    modality : str
        "depth" for grey images of 16 bits, which `mestore.datasets.depth` turns into grey levels: 1.57 mm
        each, in a range of 400 mm that is found on the first frame. Whatever else, for 8 bits.
    face : ndarray, shape (N, 2), optional
        Points (x, y) of the face in the first frame, which place the range of depth.

    Returns
    -------
    ndarray of uint8, shape (time, y, x, 3)
        RGB, upright. Grey images are repeated over the channels; transparency is dropped.

    Raises
    ------
    ClipFault
        If a frame cannot be decoded, has more than 8 bits (or, of depth, other than 16), or another size than
        the first; if the range of depth cannot be found.
    OSError
        If a file cannot be read, which is no fault of the clip.
    ValueError
        If `frames` is empty, or `paths` does not fit it.
    """
    _require_frames(media=media, frames=frames, paths=paths)
    if modality == DEPTH:
        return _stack(_grey(_depths(root, media=media, paths=paths), face=face), count=len(frames))
    if media == "frames":
        return _stack((_image(inside(root, path), name=path) for path in paths), count=len(frames))
    path, first = video_and_first(paths[0])
    positions = [number - first for number in frames]
    return _stack(_video(inside(root, path), name=path, positions=positions), count=len(frames))


def read_depth(root: Path, *, media: str, frames: Sequence[int], paths: Sequence[str]) -> NDArray[np.uint16]:
    """Return the depths of one clip, as its files have them.

    Parameters, errors: those of `read_frames`.

    Returns
    -------
    ndarray of uint16, shape (time, y, x)
        In units of the files; 0 where nothing was measured.
    """
    _require_frames(media=media, frames=frames, paths=paths)
    return _stack(_depths(root, media=media, paths=paths), count=len(frames))


def check_paths(*, media: str, frames: Sequence[int], paths: Sequence[str]) -> None:
    """Raise ValueError unless there is a path per image, or one for a video that has frames."""
    expected = len(frames) if media == "frames" else min(len(frames), 1)
    if len(paths) != expected:
        raise ValueError(f"{len(frames)} frames in {len(paths)} paths of {media}; expected {expected} paths")


def _require_frames(*, media: str, frames: Sequence[int], paths: Sequence[str]) -> None:
    check_paths(media=media, frames=frames, paths=paths)
    if len(frames) == 0:
        raise ValueError("found no frames; expected at least one")


def count_video_frames(path: Path) -> int:
    """Return how many frames a video holds, by counting its packets: nothing is decoded.

    Raises
    ------
    ClipFault
        If the file is no video.
    """
    with _opened(path, name=path.name) as (container, stream):
        return sum(packet.size > 0 and not packet.is_discard for packet in container.demux(stream))


def _stack(frames: Iterator[tuple[str, NDArray[Pixels]]], *, count: int) -> NDArray[Pixels]:
    first, pixels = next(frames)
    clip = np.empty((count, *pixels.shape), pixels.dtype)
    clip[0] = pixels
    for index, (name, frame) in enumerate(frames, 1):
        if frame.shape != clip.shape[1:]:
            raise ClipFault(
                found=f"{_size(frame)} px in {name}, {_size(clip[0])} px in {first}",
                expected="frames of one size",
                remedy="restore the frames of this clip from the original delivery",
            )
        clip[index] = frame
    return clip


def _size(frame: NDArray[Pixels]) -> str:
    return f"{frame.shape[1]} x {frame.shape[0]}"


def _image(path: Path, *, name: str) -> Named:
    with _decoded(path, name=name) as (content, image):
        # Pillow silently halves PNGs of 16 bits per colour.
        if image.mode not in _MODES or (image.format == "PNG" and content[_PNG_DEPTH] > 8):
            raise _too_deep(f"{name} of mode {image.mode}")
        return name, np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def _depths(root: Path, *, media: str, paths: Sequence[str]) -> Iterator[tuple[str, NDArray[np.uint16]]]:
    if media != "frames":
        raise _no_depth(f"a video, {paths[0]}")
    return (_depth(inside(root, path), name=path) for path in paths)


def _depth(path: Path, *, name: str) -> tuple[str, NDArray[np.uint16]]:
    with _decoded(path, name=name) as (content, image):
        if image.format != "PNG" or content[_PNG_DEPTH : _PNG_DEPTH + 2] != _PNG_GREY_16:
            raise _no_depth(f"{name}, a {image.format} of mode {image.mode}")
        return name, np.asarray(image).astype(np.uint16, copy=False)


def _grey(
    frames: Iterator[tuple[str, NDArray[np.uint16]]], *, face: NDArray[np.floating] | None
) -> Iterator[Named]:
    """Give depth frames as grey levels, in the range of the first."""
    levels: NDArray[np.uint8] | None = None
    for name, depth in frames:
        if levels is None:
            levels = grey_levels(nearest(depth, face=face))
        yield name, np.repeat(levels[depth][..., np.newaxis], 3, axis=-1)


@contextmanager
def _decoded(path: Path, *, name: str) -> Iterator[tuple[bytes, Image.Image]]:
    # First the bytes, then the decoding: Pillow reports truncated images as OSError, and an OSError from
    # here on would otherwise look like a fault of the machine.
    content = path.read_bytes()
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            yield content, image
    except (ClipFault, MemoryError):
        raise
    except Exception as error:
        raise _undecodable(name, error) from error


def _video(path: Path, *, name: str, positions: Sequence[int]) -> Iterator[Named]:
    wanted = set(positions)
    with _opened(path, name=name) as (container, stream):
        for position, frame in enumerate(container.decode(stream)):
            if position in wanted:
                wanted.remove(position)
                yield f"frame {position} of {name}", _upright(frame, name=name)
            if not wanted:
                return
    raise ClipFault(
        found=f"no frame {min(wanted)} (counted from 0) in {name}",
        expected=f"{max(positions) + 1} frames that can be decoded",
        remedy="restore the video from the original delivery, or mend the frame numbers",
    )


@contextmanager
def _opened(path: Path, *, name: str) -> Iterator[tuple[InputContainer, VideoStream]]:
    # Python opens the file, so that an OSError while reading it keeps its own class and passes through.
    with path.open("rb") as file:
        try:
            with av.open(file, mode="r") as container:
                if not container.streams.video:
                    raise ClipFault(
                        found=f"no pictures in {name}",
                        expected="a video",
                        remedy="restore the file from the original delivery",
                    )
                yield container, container.streams.video[0]
        except av.FFmpegError as error:
            raise _undecodable(name, error) from error
        except OSError as error:
            # A damaged file sends the demuxer to places before its start.
            if error.errno != errno.EINVAL:
                raise
            raise _undecodable(name, error) from error


def _upright(frame: "av.VideoFrame", *, name: str) -> NDArray[np.uint8]:
    if any(component.bits > 8 for component in frame.format.components):
        raise _too_deep(f"{name} of pixel format {frame.format.name}")
    # Phones write a turn beside the pixels, as EXIF does for photographs.
    return np.rot90(frame.to_ndarray(format="rgb24"), k=round(frame.rotation / 90))


def _undecodable(name: str, error: Exception) -> ClipFault:
    # Some of these errors print the object they read from, whose address changes from run to run.
    reason = error.strerror if isinstance(error, av.FFmpegError) else re.sub("<.*>", "", str(error)).strip()
    return ClipFault(
        found=f"{name}, which cannot be decoded ({reason})",
        expected=f"a whole image ({', '.join(_FORMATS)}) or video",
        remedy="restore the file from the original delivery",
    )


def _too_deep(what: str) -> ClipFault:
    return ClipFault(
        found=what,
        expected="8 bits per channel",
        remedy="convert the frames to 8 bits, in a way you choose; if they are depth, the clip's modality "
        f"must be {DEPTH!r}",
    )


def _no_depth(what: str) -> ClipFault:
    return ClipFault(
        found=what,
        expected=f"a grey PNG of 16 bits for each frame of modality {DEPTH!r}",
        remedy="restore the depth frames from the original delivery, or give the clip its true modality",
    )
