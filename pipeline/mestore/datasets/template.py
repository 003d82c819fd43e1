"""Template: where a clip's frames are, as a user writes it where no source tells: "{subject}/{clip}".

Fields are names in braces and nothing else: no format specs, no attributes, no indexing.
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from mestore.datasets.folder import inside, listing, subfolders
from mestore.errors import AnnotationError

_FIELD = re.compile(r"\{([a-z_]+)\}")


def check_template(template: str, *, fields: Collection[str], needs: Collection[str] = ("clip",)) -> str:
    """Return `template` if it is one; for the validators of readers' options.

    Parameters
    ----------
    template : str
        A path below the dataset's folder.
    fields : collection of str
        The fields that the reader knows.
    needs : collection of str
        Those that must be there.

    Raises
    ------
    ValueError
        If it has other braces than those of `fields`, lacks one of `needs`, or cannot be a path below a
        folder.

    Examples
    --------
    >>> check_template("RGB/{subject}/{clip}", fields=("subject", "clip"))
    'RGB/{subject}/{clip}'
    >>> check_template("{clip.__class__}", fields=("subject", "clip"))
    Traceback (most recent call last):
    ValueError: layout '{clip.__class__}' has other braces than {subject}, {clip}; write fields as these
    """
    known = ", ".join(f"{{{name}}}" for name in fields)
    there = _FIELD.findall(template)
    if set(there) - {*fields} or set(_FIELD.sub("", template)) & {"{", "}"}:
        raise ValueError(f"layout {template!r} has other braces than {known}; write fields as these")
    if missing := [f"{{{name}}}" for name in needs if name not in there]:
        raise ValueError(f"layout {template!r} lacks {missing}; without, clips would share a folder")
    if set(template.split("/")) & {"", ".", ".."} or "\\" in template:
        raise ValueError(
            f"layout {template!r} is no plain path below the dataset's folder; "
            "write names and fields with single slashes between them"
        )
    return template


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return the path of one clip; `values` are text from a sheet, so pass the path through `inside`.

    Examples
    --------
    >>> fill("RGB/{subject}/{clip}", {"subject": "s1", "clip": "{subject}"})
    'RGB/s1/{subject}'
    """
    return _FIELD.sub(lambda match: values[match[1]], template)


def clip_folders(root: Path, template: str) -> list[str]:
    """Return every folder that a template fits, as paths below `root`, sorted.

    Raises
    ------
    AnnotationError
        If there is none.
    """
    found = [""]
    for step in template.split("/"):
        found = [f"{path}/{name}".lstrip("/") for path in found for name in _fitting(root, path, step)]
    if not found:
        raise AnnotationError(
            f"{root}: looked for clips' folders like {template}, found none in {listing(root)}; "
            "unpack the delivery there, or set the option 'layout'"
        )
    return found


def _fitting(root: Path, path: str, step: str) -> list[str]:
    """Return the folders in `root / path` that one step of a template fits."""
    if not _FIELD.search(step):
        return [step] if inside(root, f"{path}/{step}".lstrip("/")).is_dir() else []
    pattern = ".+".join(map(re.escape, _FIELD.split(step)[::2]))
    names = subfolders(inside(root, path) if path else root)
    return [name for name in names if re.fullmatch(pattern, name, re.DOTALL)]
