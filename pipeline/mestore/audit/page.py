"""Page: an audit as one HTML file, for a reviewer who may have no licence to see faces."""

import base64
import io
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment
from PIL import Image

from mestore.audit.audit import Audit, crops_of
from mestore.audit.copies import CHECK as COPIES
from mestore.audit.crops import frame_of
from mestore.audit.faces import CHECK as FACES
from mestore.check_text import plain
from mestore.errors import MEStoreError
from mestore.replacing import replacing
from mestore.store.reader import open_store

_MARK = b'<meta name="generator" content="mestore audit">'  # in every page, below its doctype
_ROWS = 300  # findings of a check
_NAMES = 12  # clips or persons of a finding
_PICTURES = 60  # findings with crops, of each check


def write_page(audit: Audit, path: Path, *, pictures: Mapping[str, str] | None = None) -> None:
    """Write the page: everything is in it, and every name is escaped.

    Parameters
    ----------
    audit : Audit
    path : Path
    pictures : mapping of str to str, optional
        Of `pictures_of`.
    """
    text = files("mestore.audit").joinpath("page.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=_plain)
    template: Any = environment.from_string(text)
    page = template.render(audit=audit, rows=_ROWS, names=_NAMES, pictures=pictures)
    with replacing(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def refuse_target(path: Path) -> None:
    """Refuse to write a page where there is no folder, or over what is no page: it may be what is audited.

    Raises
    ------
    MEStoreError
        Before any work is done.
    """
    if not path.parent.is_dir():
        raise MEStoreError(f"the page {path} cannot be written: there is no folder {path.parent}; make it")
    if not path.exists():
        return
    if not path.is_file() or _MARK not in _beginning(path):
        raise MEStoreError(
            f"{path} is there and is no page of an audit; expected a new name, or an earlier page, which "
            "is written anew: give another with --out"
        )


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(1000)


def _plain(value: Any) -> Any:
    """Return text without what does not print; what the template made itself stays as it is."""
    return plain(value) if type(value) is str else value


def pictures_of(audit: Audit, stores: Path) -> dict[str, str]:
    """Return the onset crops of the pairs that look alike, as data URLs by clip id."""
    crops = crops_of(open_store(stores))
    if crops is None:
        return {}
    shown = [
        finding.clips
        for check in audit.checks
        if check.check in (FACES, COPIES)
        for finding in check.findings[:_PICTURES]
    ]
    wanted = {clip for clips in shown for clip in clips}
    failed = set(crops.failures["clip_id"])
    rows = crops.clips[crops.clips["clip_id"].isin(wanted - failed)]
    pictures = {}
    for clip, dataset, subject in rows[["clip_id", "dataset", "subject"]].itertuples(index=False):
        sample = crops.open(dataset, subject).sample(clip)
        pictures[clip] = _url(Image.fromarray(frame_of(sample, sample.onset)))
    return pictures


def _url(image: Image.Image) -> str:
    stream = io.BytesIO()
    image.save(stream, format="JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
