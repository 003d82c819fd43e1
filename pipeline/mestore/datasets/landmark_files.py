"""Landmark files: the 68 points of one frame out of a file that another program wrote for a clip."""

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mestore.datasets.row import parse_frame
from mestore.errors import AnnotationError

_X, _Y = ([f"{axis}_{point}" for point in range(68)] for axis in "xy")
"""Columns of OpenFace. X_0 and the like are others, in mm, so case counts."""


def points_in(path: Path, *, frame: int) -> list[float]:
    """Return the landmarks of a frame.

    Parameters
    ----------
    path : Path
        .npy, the landmarks of that frame alone, shape (68, 2); or .csv, as OpenFace writes it: a row per
        frame with `frame`, `success`, x_0 to x_67 and y_0 to y_67.
    frame : int
        Its number in OpenFace's column `frame`.

    Returns
    -------
    list of 136 float
        x0, y0, x1, y1, ...

    Raises
    ------
    AnnotationError
        If the file cannot be read, or holds no such points, or those of several faces.

    References
    ----------
    .. [1] T. Baltrusaitis et al., "OpenFace 2.0: facial behavior analysis toolkit", FG 2018.
    """
    points = _npy(path) if path.suffix.lower() == ".npy" else _openface(path, frame=frame)
    if not np.isfinite(points).all():
        raise AnnotationError(f"{path} holds what is no finite number; expected pixels: write it anew")
    return [float(number) for number in points.ravel()]


def _npy(path: Path) -> NDArray[np.float64]:
    try:
        # Mapped: no zip file, no pickle, and no memory for more than the file holds, whatever it claims.
        points = np.lib.format.open_memmap(path, mode="r")
    except OSError:
        raise
    except Exception as error:
        # What numpy raises of a bad header (ValueError, OverflowError, TokenError, ...) is about the file.
        raise AnnotationError(f"{path} is no .npy file of numbers ({error}): write it anew") from None
    if points.shape != (68, 2) or points.dtype.kind not in "fiu":
        raise AnnotationError(
            f"{path} holds {points.dtype} {points.shape}; expected numbers of shape (68, 2): write it anew"
        )
    return points.astype(np.float64)


def _openface(path: Path, *, frame: int) -> NDArray[np.float64]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            table = csv.DictReader(stream, skipinitialspace=True)
            missing = [name for name in ("frame", *_X, *_Y) if name not in (table.fieldnames or ())]
            if missing:
                raise AnnotationError(
                    f"{path} lacks the columns {missing[:4]}; expected OpenFace's table with 2D landmarks "
                    "(-2Dfp), or a .npy file"
                )
            rows = [row for row in table if _is(row, frame)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise AnnotationError(f"{path} is no table of OpenFace ({error}): write it anew") from None
    if len(rows) != 1:
        raise AnnotationError(
            f"{path} has {len(rows)} rows of frame {frame}; expected one: say in column 'frame' of "
            "landmarks.csv which number OpenFace gave the onset, and keep one face of several"
        )
    try:
        points = np.array([[float(rows[0][x]), float(rows[0][y])] for x, y in zip(_X, _Y, strict=True)])
    except (TypeError, ValueError):  # TypeError: the file ends within the row
        raise AnnotationError(
            f"{path} holds what is no number at frame {frame}; expected pixels: write it anew"
        ) from None
    if (success := (rows[0].get("success", "1") or "").strip()) not in ("1", "1.0"):
        raise AnnotationError(
            f"{path} says success {success} at frame {frame}: OpenFace lost the face; remove the clip from "
            "landmarks.csv, and the detector looks for it"
        )
    return points


def _is(row: Mapping[str, str | None], frame: int) -> bool:
    try:
        return parse_frame((row["frame"] or "").strip()) == frame
    except ValueError:
        return False
