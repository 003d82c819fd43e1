"""Picture: an image as a PNG file that is there whole or not at all."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mestore.errors import MEStoreError
from mestore.replacing import replacing
from mestore.store.export.selection import file_name


def picture_name(clip: str) -> str:
    """Return the name of a clip's picture.

    Examples
    --------
    >>> picture_name("demo/sub01/EP01_01@46")
    'demo-sub01-EP01_01@46.png'
    """
    return f"{file_name(clip.replace('/', '-')).replace('%40', '@')}.png"


def refuse_target(path: Path) -> None:
    """Refuse a name that no file can have, before any work is done.

    Raises
    ------
    MEStoreError
        If it is a folder's, or in a folder that is not there.
    """
    if path.is_dir():
        raise MEStoreError(f"{path} is a folder; give the name of a file with --out")
    if not path.parent.is_dir():
        raise MEStoreError(f"{path} cannot be written: there is no folder {path.parent}; make it first")


def write_png(path: Path, image: NDArray[np.uint8], *, force: bool = False) -> None:
    """Write an image (y, x, 3) as PNG.

    Parameters
    ----------
    path : Path
        What is there already stays, unless it is the same.
    image : ndarray of uint8, shape (y, x, 3)
        RGB.
    force : bool
        Replace what is there.

    Raises
    ------
    MEStoreError
        If a folder, or another file, is there.
    """
    stream = io.BytesIO()
    picture: Any = Image.fromarray(image)
    picture.save(stream, format="PNG")
    refuse_target(path)
    if path.exists() and not force and path.read_bytes() != stream.getvalue():
        raise MEStoreError(
            f"{path} is there already, and differs; name another file with --out, or replace it with --force"
        )
    with replacing(path) as temporary:
        temporary.write_bytes(stream.getvalue())
