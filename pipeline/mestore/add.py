"""Add: a lab's copy of a dataset becomes part of the workspace: recognised, linked, named in params.yaml."""

import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from mestore.datasets import READERS
from mestore.datasets.recognise import Recognised, look_for, recognise, require_folder
from mestore.datasets.sheet import spreadsheets
from mestore.datasets.unpack import require_origin, unpack
from mestore.delivery import typed_options
from mestore.errors import AnnotationError, MEStoreError, ParamsError
from mestore.params import load_params
from mestore.params_line import with_dataset, write_params
from mestore.replacing import clear
from mestore.workspace import Workspace

_NAMED = 5  # subjects in a message


@dataclass(frozen=True, kw_only=True)
class Added:
    """What was added.

    Parameters
    ----------
    found : Recognised
        The dataset.
    sheet : str
        The coding sheet that lay beside the zip file and was copied into the unpacked folder; mostly empty.
    """

    found: Recognised
    sheet: str = ""


def add_dataset(
    workspace: Workspace,
    delivery: Path,
    *,
    reader: str,
    name: str = "",
    subjects: Sequence[str] = (),
    options: Mapping[str, object] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Added:
    """Add a delivery to the workspace and return what was recognised.

    The recordings stay where they are: data/raw/<name> becomes a link to them. A zip file is unpacked beside
    that link. params.yaml gains one line.

    Parameters
    ----------
    workspace : Workspace
    delivery : Path
        A folder or a zip file.
    reader : str
        Which dataset it is: a name of `mestore.datasets.READERS`.
    name : str
        What the workspace calls it; empty: as the reader is called.
    subjects : sequence of str
        The only subjects to take at first; empty for all.
    options : mapping, optional
        Options of the reader, on top of those of each layout that is tried.
    progress : callable
        Told (files done, files in all) of a zip file.

    Raises
    ------
    AnnotationError
        If it is not that dataset, or the zip file cannot be unpacked.
    ParamsError
        If there is no such reader, option or subject, or params.yaml cannot take the dataset.
    MEStoreError
        If data/raw/<name> is something else.
    """
    name = name or reader
    given = dict(options or {})
    _require_names(reader, name)
    typed_options(reader, given)
    load_params(workspace.params)
    if os.path.lexists(workspace.raw):
        require_folder(workspace.raw)
    link = workspace.raw / name
    if delivery.suffix.lower() == ".zip" and delivery.is_file():
        target = link.with_name(f"{name}.unpacked")
        if link.exists() and not os.path.lexists(target):  # better now than after hours of unpacking
            raise _taken(link, target)
        added = _from_zip(delivery, target, reader, given, progress=progress)
    else:
        added = Added(found=recognise(delivery, reader=reader, options=given))
    found = added.found
    _require_subjects(subjects, found, name)
    entry: dict[str, object] = {"reader": reader}
    if found.options:
        entry["options"] = dict(found.options)
    if subjects:
        entry["subjects"] = list(subjects)
    text = with_dataset(workspace.params, name, entry)
    _link(link, found.root)
    write_params(workspace.params, text)
    return added


def parsed_options(texts: Sequence[str]) -> dict[str, object]:
    """Return options of a reader that were given as "key=value", the values as in params.yaml.

    Raises
    ------
    ParamsError
        If one is not of that form.

    Examples
    --------
    >>> parsed_options(["layout=cropped", "sheet=a=b.xlsx"])
    {'layout': 'cropped', 'sheet': 'a=b.xlsx'}
    """
    options: dict[str, object] = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not (key and sign):
            raise ParamsError(f"option {text!r} is not of the form key=value, such as layout=cropped")
        try:
            options[key] = yaml.safe_load(value)
        except (yaml.YAMLError, ValueError):
            # "{subject}/{clip}" is no YAML and a good text; params.yaml would have it in quotes.
            options[key] = value
    return options


def _require_names(reader: str, name: str) -> None:
    if reader not in READERS:
        known = ", ".join(f"{key} ({spec.title})" for key, spec in READERS.items())
        raise ParamsError(f"there is no dataset {reader!r}; expected one of: {known}")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ParamsError(f"a dataset cannot be called {name!r}; expected lower-case letters, digits and _")


def _require_subjects(subjects: Sequence[str], found: Recognised, name: str) -> None:
    unknown = sorted(set(subjects) - set(found.subjects))
    if unknown:
        more = f" and {len(found.subjects) - _NAMED} more" if len(found.subjects) > _NAMED else ""
        raise ParamsError(
            f"{name} has no subject {', '.join(map(repr, unknown))}; expected of "
            f"{', '.join(map(repr, found.subjects[:_NAMED]))}{more}"
        )


def _from_zip(
    archive: Path,
    target: Path,
    reader: str,
    options: Mapping[str, object],
    *,
    progress: Callable[[int, int], None],
) -> Added:
    """Unpack an archive, unless it is, and recognise what was in it; what is refused does not stay."""
    fresh = not os.path.lexists(target)
    if fresh:
        unpack(archive, target, progress=progress)
    else:
        require_origin(target, archive)
    try:
        return _recognised(archive, target, reader, options)
    except BaseException as error:
        if not fresh:
            raise
        clear(target)
        if isinstance(error, AnnotationError):
            raise AnnotationError(f"{error}\nThat folder is removed again; {archive} is as it was.") from None
        raise


def _recognised(archive: Path, target: Path, reader: str, options: Mapping[str, object]) -> Added:
    """Recognise an unpacked folder, if need be with a coding sheet that lies beside the archive."""
    if found := look_for(target, reader=reader, options=options):
        return Added(found=found)
    for sheet in spreadsheets(archive.parent):
        for place in _tops(target):
            if os.path.lexists(place / sheet):
                continue
            found = None
            try:
                shutil.copyfile(archive.parent / sheet, place / sheet)
                found = look_for(target, reader=reader, options=options)
            except OSError:
                continue  # a sheet that cannot be copied is not the one
            finally:
                if found is None:
                    (place / sheet).unlink(missing_ok=True)
            if found:
                return Added(found=found, sheet=sheet)
    return Added(found=recognise(target, reader=reader, options=options))  # says why not


def _tops(target: Path) -> list[Path]:
    """Return where a coding sheet belongs: the folder itself or, if it holds but one folder, that."""
    below = [path for path in target.iterdir() if not path.name.startswith((".", "__MACOSX"))]
    return [target, *(path for path in below if len(below) == 1 and path.is_dir())]


def _link(link: Path, root: Path) -> None:
    """Make `link` lead to `root`, unless it does."""
    if os.path.lexists(link):
        if not (link.exists() and link.samefile(root)):
            raise _taken(link, root)
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(root.resolve(), target_is_directory=True)


def _taken(link: Path, root: Path) -> MEStoreError:
    return MEStoreError(f"{link} is there already and is not {root}; remove it, or give another --name")
